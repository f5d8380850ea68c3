"""Who asks: what the server reads of a request's head, in one pass over the headers."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

from starlette.types import Scope

_KEY = "paddle_ner.caller"
_SANE = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")


@dataclass(slots=True)
class Caller:
    """The sender of a request, and what the log says of it.

    Attributes:
        request_id: from the header X-Request-ID where that is sane, else made.
        address: of the client; empty where it has none, as on a Unix socket.
        sent_key: the API key as it was sent, not yet looked at; empty where there is none.
        key: name of the key, once it was let in; empty where the server has no keys.
        texts: of the request, once they are known.
        characters: in these texts.
    """

    request_id: str
    address: str
    sent_key: str = field(repr=False)
    key: str = ""
    texts: int = 0
    characters: int = 0


def read_caller(scope: Scope) -> Caller:
    """The caller of a request; from now on `caller_of` gives it."""
    request_id = bearer = plain = b""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            request_id = value
        elif name == b"authorization":
            bearer = value[7:].strip() if value[:7].lower() == b"bearer " else b""
        elif name == b"x-api-key":
            plain = value
    client = scope.get("client")
    caller = Caller(
        request_id=request_id.decode("ascii") if _SANE.fullmatch(request_id) else os.urandom(16).hex(),
        address=client[0] if client else "",
        sent_key=(bearer or plain).decode("latin-1"),
    )
    scope[_KEY] = caller
    return caller


def caller_of(scope: Scope) -> Caller:
    """The caller of a request that `read_caller` has seen."""
    caller: Caller = scope[_KEY]
    return caller
