"""One connection: uvicorn's protocol over httptools, with limits on what a client may send and how long it may take.

uvicorn's own (0.54) does not limit heads, waits forever for a head, a body or a reader, and lets httptools stop at an
``Upgrade`` header, so that a body is read as the next request. Its protocol over h11 limits heads and ignores upgrades,
but costs a good part of the server's throughput and waits forever too. Neither requires a Host; `heads` says which
requests are refused in addition to those that httptools cannot parse.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httptools
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from paddle_ner.serving import heads
from paddle_ner.serving.connections import Connections, Place
from paddle_ner.serving.problems import (
    BAD_REQUEST,
    HEAD_TOO_LARGE,
    MEDIA_TYPE,
    TIMEOUT,
    TOO_MANY_CONNECTIONS,
    HTTPProblem,
    Kind,
)

KEEP_ALIVE = 75  # seconds; longer than the 60 of common proxies, which must be the side that closes
_SPARE_SECONDS = 2.0  # for the head on a connection beyond the limit
_LINGER_SECONDS, _LINGER_BYTES = 2.0, 1 << 20  # what a refused client may still send before it reads the answer
_PIPELINED = 64  # requests that wait on one connection for those before them
_FRAMING = 8  # bytes of framing per byte of a chunked body: a chunk of one byte has five
_UPGRADE = frozenset({b"upgrade", b"http2-settings", b"connection"})


class BoundedProtocol(HttpToolsProtocol):
    """One connection of a server. For the event loop's thread.

    Attributes:
        address: of the peer; empty on a Unix socket.
        deadline: in `time.monotonic`; the head or the body must arrive until then. None while the server is working for
            it.
    """

    def __init__(
        self,
        connections: Connections,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config=config, server_state=server_state, app_state=app_state, _loop=_loop)
        self.address = ""
        self.deadline: float | None = None
        self._all = connections
        self._settings = connections.settings
        self._clock = connections.clock
        self._spare = False
        self._began = False  # the first request
        self._in_message = False
        self._head_done = False
        self._completed = False  # a message, in the data received last
        self._upgrading = False
        self._head_bytes = self._body_bytes = self._framing_bytes = 0
        self._refusal: tuple[Kind, str] | None = None
        self._linger: int | None = None  # bytes that are still discarded; None while nothing was refused

    # ------------------------------------------------------------------ what `Connections` asks of it

    @property
    def is_idle(self) -> bool:
        """Whether it has no request in progress: none came, or its head is not complete."""
        return not (self._in_message and self._head_done) and (self.cycle is None or self.cycle.response_complete)

    @property
    def unsent(self) -> int:
        """Bytes of answers that the client has not read."""
        return self.transport.get_write_buffer_size()

    def expire(self) -> None:
        """The deadline has passed."""
        if self.pipeline:  # the client is not to blame for bytes that we have not read yet
            return
        self.deadline = None
        if self._linger is not None or not self._in_message:
            self.transport.abort() if self._linger is not None else self.transport.close()
            return
        part = "body" if self._head_done else "head"
        seconds = self._settings.body_timeout if self._head_done else self._settings.head_timeout
        self._all.closed("body_late" if self._head_done else "head_late")
        self._refuse(TIMEOUT, f"the request's {part} was not complete after {seconds:g} s")

    def drop(self) -> None:
        """Close it at once, and drop what was not sent."""
        self.transport.abort()

    # ------------------------------------------------------------------ the transport's side

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Part of asyncio.Protocol."""
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""
        place = self._all.enter(self)
        if place is Place.REFUSED:
            transport.abort()
            return
        self._spare = place is Place.SPARE
        self.deadline = self._clock() + (_SPARE_SECONDS if self._spare else self._settings.head_timeout)
        if self._spare:
            self.app = _only_health(self.app)

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._all.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        if self._linger is not None:
            self._linger -= len(data)
            if self._linger < 0:
                self.transport.abort()
            return
        if self.parser is None or self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        body_before = self._body_bytes if self._in_message else 0
        self._completed = False
        self._feed(data)
        if self._in_message and not self._completed and self._linger is None:
            # Besides its body a message has a head, trailers and the framing of chunks, which httptools keeps or skips.
            own = _FRAMING * (self._body_bytes - body_before)
            self._framing_bytes = max(0, self._framing_bytes + len(data) - own)
            if self._framing_bytes > self._settings.max_head_bytes:
                self._too_large()

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._ignore_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            kind, detail = self._refusal or (BAD_REQUEST, "this is no request of HTTP/1.1")
            self._all.closed("head_too_large" if kind is HEAD_TOO_LARGE else "malformed")
            self._refuse(kind, detail)

    def _ignore_upgrade(self, rest: bytes) -> None:
        """Continue without the Upgrade header (RFC 9110, 7.8). httptools took the head for the whole message."""
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._all.closed("malformed")
            self._refuse(BAD_REQUEST, "the server is no proxy and does not CONNECT")
            return
        lines = [b"%s %s HTTP/%s" % (method, self.url, self.parser.get_http_version().encode())]
        for name, value in self.headers:
            if name == b"connection":
                tokens = [token for token in value.split(b",") if token.strip().lower() not in _UPGRADE]
                value = b",".join(tokens)
            if name not in _UPGRADE or (name == b"connection" and value):
                lines.append(b"%s: %s" % (name, value))
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._in_message = self._upgrading = False
        self._feed(b"\r\n".join(lines) + b"\r\n\r\n" + rest)

    # ------------------------------------------------------------------ the parser's side

    def on_message_begin(self) -> None:
        """Part of httptools' protocol."""
        self._head_done = False
        if len(self.pipeline) >= _PIPELINED:
            self._refusal = BAD_REQUEST, f"more than {_PIPELINED} requests wait on this connection"
            raise ValueError
        if self._began:
            self.deadline = self._clock() + self._settings.head_timeout
        self._began = self._in_message = True
        self._head_bytes = self._body_bytes = self._framing_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Part of httptools' protocol."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Part of httptools' protocol. Trailers come here too."""
        self._count_head(len(name) + len(value) + 4)
        super().on_header(name, value)

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._settings.max_head_bytes:
            self._refusal = HEAD_TOO_LARGE, f"the request's head has more than {self._settings.max_head_bytes} bytes"
            raise ValueError

    def on_headers_complete(self) -> None:
        """Part of httptools' protocol."""
        if self.parser.should_upgrade():
            self._upgrading = True  # `_ignore_upgrade` reads it again
            return
        try:
            self.url = heads.check(self.parser.get_http_version(), self.url, self.headers)
        except heads.HeadError as error:
            self._refusal = BAD_REQUEST, str(error)
            raise
        self._head_done = True
        self.deadline = self._clock() + self._settings.body_timeout
        super().on_headers_complete()
        if self._spare:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Part of httptools' protocol."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Part of httptools' protocol."""
        if self._upgrading:
            return
        self._in_message = False
        self._completed = True
        self.deadline = None
        super().on_message_complete()
        if self.cycle.response_complete:  # refused before its body had come
            self.deadline = self._clock() + KEEP_ALIVE

    def on_response_complete(self) -> None:
        """Called by the cycle of a request."""
        super().on_response_complete()
        if not self.pipeline and not self._in_message:
            self.deadline = self._clock() + KEEP_ALIVE

    # ------------------------------------------------------------------ refusing

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn."""
        self._refuse(BAD_REQUEST, msg)

    def _too_large(self) -> None:
        self._all.closed("head_too_large")
        self._refuse(HEAD_TOO_LARGE, f"the request's head has more than {self._settings.max_head_bytes} bytes")

    def _refuse(self, kind: Kind, detail: str) -> None:
        """Answer the message that is being read, if it is its turn, and read nothing more."""
        self._in_message = False
        under_way = self.cycle is not None and not self.cycle.response_complete
        if under_way and not self._head_done:  # an earlier request: it is answered, then the connection ends
            self.cycle.keep_alive = False
            self.deadline = None
            self._linger = _LINGER_BYTES
            return
        if under_way and (self.pipeline or self.cycle.response_started):
            self.transport.abort()
            return
        if under_way:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        elif self._head_done:  # it was answered already
            self.transport.abort()
            return
        self.flow.resume_reading()
        self._linger = _LINGER_BYTES
        self.deadline = self._clock() + _LINGER_SECONDS
        self.transport.write(_problem(kind, detail))
        self.transport.write_eof()


def _problem(kind: Kind, detail: str) -> bytes:
    body = json.dumps({"type": f"/docs#{kind.slug}", "title": kind.title, "status": kind.status, "detail": detail})
    return (
        b"%scontent-type: %s\r\ncontent-length: %d\r\nconnection: close\r\nx-content-type-options: nosniff\r\n\r\n%s"
    ) % (STATUS_LINE[kind.status], MEDIA_TYPE.encode(), len(body), body.encode())


def _only_health(app: Callable[..., Any]) -> ASGIApp:
    """Answers on a connection beyond the limit: only probes, so that a busy server is not taken for a dead one."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].removeprefix(scope.get("root_path", "")).startswith("/health/"):
            await app(scope, receive, send)
            return
        detail = "as many connections are open as the server takes; try again in 1 s"
        problem = HTTPProblem(TOO_MANY_CONNECTIONS, detail, {"Retry-After": "1", "Connection": "close"})
        await problem.response()(scope, receive, send)

    return answer
