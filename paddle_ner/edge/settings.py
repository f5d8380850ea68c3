"""Where the device's server listens, who may ask, and its limits."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from paddle_ner.errors import InputError

_HOST = re.compile(r"(?:\[([0-9a-f]*:[0-9a-f:.]+)\]|(localhost|[0-9.]+))(?::[0-9]{0,5})?", re.IGNORECASE)


@dataclass(frozen=True)
class Settings:
    """Where to listen, who may ask, and the limits.

    Attributes:
        host: the address.
        port: 0 takes a free one.
        keys: a request must send one of them as ``Authorization: Bearer KEY``; none is needed where the tuple is empty.
        insecure: listen without keys on an address that other machines can reach.
        max_body_bytes: bytes of a request's body; 413 beyond that.
        max_bodies_bytes: bytes of all bodies that are being read or not yet answered; 503 beyond that.
        max_texts: texts in one request; 422 beyond that.
        max_characters: characters (code points) in one text; 422 beyond that.
        max_waiting: requests in progress; 429 beyond that.
        max_connections: open connections; further ones are closed.
        silence_seconds: how long a client may pause while it sends a request, and leave its answer unread.
        request_seconds: how long the head and body of a request may take together.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    keys: tuple[str, ...] = ()
    insecure: bool = False
    max_body_bytes: int = 4 * 1024 * 1024
    max_bodies_bytes: int = 16 * 1024 * 1024
    max_texts: int = 256
    max_characters: int = 20_000
    max_waiting: int = 16
    max_connections: int = 64
    silence_seconds: float = 30.0
    request_seconds: float = 60.0

    def check(self) -> None:
        """Raise InputError where the server would answer anyone who can reach the address."""
        if not (self.keys or self.insecure or _is_loopback(self.host)):
            raise InputError(
                f"--host {self.host}: other machines can reach it, so --keys FILE is needed, or --insecure to do"
                " without"
            )


def names_loopback(host: str) -> bool:
    """Whether a Host header names this machine's loopback."""
    match = _HOST.fullmatch(host)
    return match is not None and _is_loopback((match[1] or match[2]).lower())


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
