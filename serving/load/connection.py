"""One HTTP/1.1 connection that asks one thing at a time: no more than a load test needs, since it shares the cores."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status 0 where nothing did, and seconds from sending the request to the answer's last byte."""

    status: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send requests."""

    host: str
    port: int
    head: bytes

    @classmethod
    def of(cls, url: str, model: str | None = None, key: str | None = None) -> Target:
        """The route of a model, or of the default one, at the server's URL."""
        parts = urlsplit(url)
        host = parts.hostname or "127.0.0.1"
        lines = [f"POST {f'/models/{model}' if model else ''}/predict HTTP/1.1", f"Host: {parts.netloc}"]
        lines += ["Content-Type: application/json"] + ([f"Authorization: Bearer {key}"] if key else [])
        return cls(host, parts.port or 80, "\r\n".join(lines).encode() + b"\r\nContent-Length: ")


class Connection(asyncio.Protocol):
    """Opens itself at the first request, and again after the server has closed it."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._head_end = -1
        self._length = 0
        self._waiter: asyncio.Future[int] | None = None

    async def post(self, body: bytes, patience: float) -> Answer:
        """Send `body`; wait at most `patience` seconds."""
        started = time.monotonic()
        loop = asyncio.get_running_loop()
        try:
            if self._transport is None or self._transport.is_closing():
                await loop.create_connection(lambda: self, self._target.host, self._target.port)
            assert self._transport is not None
            self._waiter = loop.create_future()
            self._transport.write(b"%s%d\r\n\r\n%s" % (self._target.head, len(body), body))
            status = await asyncio.wait_for(self._waiter, patience)
        except (OSError, asyncio.TimeoutError):
            self.close()
            status = 0
        return Answer(status, time.monotonic() - started)

    def close(self) -> None:
        """Close it."""
        if self._transport:
            self._transport.abort()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._forget()

    def data_received(self, data: bytes) -> None:
        """Part of asyncio.Protocol."""
        self._received += data
        if self._head_end < 0:
            self._head_end = self._received.find(b"\r\n\r\n")
            if self._head_end < 0:
                return
            fields = bytes(self._received[: self._head_end]).lower().split(b"\r\n")
            named = dict(field.split(b":", 1) for field in fields[1:])
            self._length = int(named.get(b"content-length", b"0"))
        if len(self._received) >= self._head_end + 4 + self._length:
            status = int(self._received[9:12])
            self._forget()
            if self._waiter and not self._waiter.done():
                self._waiter.set_result(status)

    def connection_lost(self, error: Exception | None) -> None:
        """Part of asyncio.Protocol."""
        self._transport = None
        if self._waiter and not self._waiter.done():
            self._waiter.set_exception(error or ConnectionResetError("the server closed the connection"))

    def _forget(self) -> None:
        self._received.clear()
        self._head_end = -1
