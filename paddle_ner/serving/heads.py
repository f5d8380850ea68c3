"""Rules for a request's head beyond its grammar, which httptools checks: one host, one target, one end of the body.

Other servers and proxies would read the heads that are refused here in different ways, and see different requests.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Headers = Sequence[tuple[bytes, bytes]]

_VERSIONS = ("1.0", "1.1")
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f]*:[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]*)?")
_WHOLE = re.compile(rb"https?://([^/?#]+)([^?#]*)(\?[^#]*)?.*", re.IGNORECASE)


class HeadError(Exception):
    """A head is wrong; the message says how, in one line."""


def check(version: str, url: bytes, headers: Headers) -> bytes:
    """The target of a request as path and query. Raises HeadError.

    Args:
        version: of HTTP, such as 1.1.
        url: the target as it was sent; in a request to a proxy it is ``http://host/path`` (RFC 9112, 3.2.2).
        headers: with names in lower case.
    """
    if version not in _VERSIONS:
        raise HeadError(f"this is a request of HTTP/{version}, expected HTTP/1.1")
    _check_coding(version, _values(headers, b"transfer-encoding"))
    hosts = _values(headers, b"host")
    if version == "1.1" and not hosts:
        raise HeadError("the header Host is missing, expected it once")
    if len(hosts) > 1:
        raise HeadError("the header Host is there twice, expected it once")
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise HeadError("the header Host is neither NAME nor NAME:PORT")
    if url.startswith(b"/") or url == b"*":
        return url
    whole = _WHOLE.fullmatch(url)
    if not whole:
        raise HeadError("the request's target is no path, expected such as /predict")
    if [host.lower() for host in hosts] != [whole[1].lower()]:
        raise HeadError("the request's target names another host than the header Host")
    return (whole[2] or b"/") + (whole[3] or b"")


def _check_coding(version: str, codings: Sequence[bytes]) -> None:
    if codings and version == "1.0":
        raise HeadError("Transfer-Encoding in a request of HTTP/1.0, which has none; send Content-Length")
    if len(codings) > 1 or any(coding.strip().lower() != b"chunked" for coding in codings):
        raise HeadError("the Transfer-Encoding is not chunked, the only one that this server reads")


def _values(headers: Headers, wanted: bytes) -> list[bytes]:
    return [value for name, value in headers if name == wanted]
