"""The caller: what the server reads from a request's head, in one pass over the headers."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from starlette.types import Scope

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_KEY = "paddle_ner.caller"
_SANE = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
# Headers that proxies add. Each of them means that the client is not the peer of the connection.
_FORWARDING = frozenset({b"forwarded", b"via", b"x-real-ip", b"x-client-ip", b"true-client-ip", b"cf-connecting-ip"})
_FORWARDED = b"x-forwarded-"
_HOPS = 16  # addresses of X-Forwarded-For that are read, from the last
_SUBNET = 64  # bits of an IPv6 address that identify a subscriber, who chooses the others


@dataclass(slots=True)
class Caller:
    """The sender of a request, and what the log says about it.

    Attributes:
        request_id: from the header X-Request-ID if that is valid, otherwise a new one.
        address: the client's IP address; empty if it has none, as on a Unix socket.
        forwarded: whether a proxy says that it sends the request for another client.
        sent_key: the API key as it was sent, not yet checked; empty without a key.
        key: name of the key, once it was accepted; empty if the server has no keys.
        texts: number of texts in the request, once known.
        characters: number of characters in these texts.
    """

    request_id: str
    address: str
    forwarded: bool
    sent_key: str = field(repr=False)
    key: str = ""
    texts: int = 0
    characters: int = 0

    @property
    def client(self) -> str:
        """The client that queue, rate and memory are shared between: the name of its key, otherwise its address."""
        return self.key or _subscriber(self.address)


def read_caller(scope: Scope, trusted: Sequence[Network] = ()) -> Caller:
    """The caller of a request, which `caller_of` returns from now on. Proxies in `trusted` may name their client."""
    request_id = bearer = plain = b""
    chain: list[bytes] = []
    forwarded = False
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            request_id = value
        elif name == b"authorization":
            bearer = value[7:].strip() if value[:7].lower() == b"bearer " else b""
        elif name == b"x-api-key":
            plain = value
        elif name in _FORWARDING or name.startswith(_FORWARDED):
            forwarded = True
            if name == b"x-forwarded-for":
                chain.append(value)
    client = scope.get("client")
    address = _address(client[0]) if client else ""
    caller = Caller(
        request_id=request_id.decode("ascii") if _SANE.fullmatch(request_id) else os.urandom(16).hex(),
        address=_origin(address, b",".join(chain), trusted) if chain and trusted else address,
        forwarded=forwarded,
        sent_key=(bearer or plain).decode("latin-1"),
    )
    scope[_KEY] = caller
    return caller


def caller_of(scope: Scope) -> Caller:
    """The caller of a request that `read_caller` has seen."""
    caller: Caller = scope[_KEY]
    return caller


def _origin(peer: str, chain: bytes, trusted: Sequence[Network]) -> str:
    """The last address that is not a trusted proxy's: each proxy adds the address that it was called from."""
    address = peer
    for hop in reversed(chain.decode("latin-1").split(",")[-_HOPS:]):
        if not _is_in(address, tuple(trusted)):
            break
        earlier = _address(hop.strip().removeprefix("[").removesuffix("]"))
        if not earlier:  # not an address: the trusted proxy is the last known one
            break
        address = earlier
    return address


@lru_cache(maxsize=1024)
def _address(text: str) -> str:
    """An IP address in its canonical form; empty if the text is not an IP address."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(address, "ipv4_mapped", None) or address)


@lru_cache(maxsize=1024)
def _is_in(address: str, networks: tuple[Network, ...]) -> bool:
    return bool(address) and any(ipaddress.ip_address(address) in network for network in networks)


@lru_cache(maxsize=1024)
def _subscriber(address: str) -> str:
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address, _SUBNET), strict=False))
