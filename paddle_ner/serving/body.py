"""Bodies: reading within limits for each and for all together, noticing that a client left, writing answers."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import Counter
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from paddle_ner.serving.problems import BODIES_FULL, ENCODING, INVALID, TOO_LARGE, HTTPProblem

T = TypeVar("T")

# A client that is still sending cannot read our answer, so a body that is too large is read to its end and discarded,
# up to this many times the limit; beyond that the connection is closed.
_PATIENCE = 16
_GZIP = 16 + zlib.MAX_WBITS  # zlib's window bits that stand for gzip's header and trailer
_GZIP_NAMES = frozenset({"gzip", "x-gzip"})


class Bodies:
    """The memory of all bodies that are being read or not yet answered. For the event loop's thread.

    Beyond the limit a body that is still being read is refused: the largest of the client that holds the most. So
    endless bodies make room for small ones, even of the same client.
    """

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._claims: dict[Claim, None] = {}

    def claim(self, client: str) -> Claim:
        """A context manager that holds the memory of a client's body."""
        return Claim(self, client)

    @property
    def held(self) -> int:
        """Bytes."""
        return sum(claim.size for claim in self._claims)

    def make_room(self) -> None:
        """Refuse bodies until the others are within the limit."""
        while self.held > self._bound and any(claim.task for claim in self._claims):
            held: Counter[str] = Counter()
            for claim in self._claims:
                held[claim.client] += claim.size
            reading = [claim for claim in self._claims if claim.task]
            max(reading, key=lambda claim: (held[claim.client], claim.size)).evict()


class Claim:
    """The memory of one body.

    Attributes:
        client: the client that sent it.
        size: its bytes so far.
        task: the task that reads it; None when it is complete or refused.
    """

    def __init__(self, bodies: Bodies, client: str) -> None:
        self.client = client
        self.size = 0
        self.task: asyncio.Task[Any] | None = None
        self._bodies = bodies
        self._evicted = False

    def __enter__(self) -> Claim:
        self._bodies._claims[self] = None
        return self

    def __exit__(self, *error: object) -> None:
        del self._bodies._claims[self]

    def evict(self) -> None:
        """Refuse it: its reader raises HTTPProblem 503."""
        task, self.task = self.task, None
        self.size = 0
        self._evicted = True
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    def grow(self, size: int) -> None:
        """Note its current size in bytes. Raises HTTPProblem 503 if there is no room for it."""
        self.size = size
        self._bodies.make_room()
        if self._evicted:
            raise _full()

    async def read(self, request: Request, limit: int) -> bytes:
        """The body, unpacked, of at most `limit` bytes.

        Raises HTTPProblem: 413 beyond the limit, and never holds more; 415 for an encoding other than gzip; 422 for
        damaged gzip; 503 if all bodies together are too large. Raises ClientDisconnect.
        """
        unpack = _unpacker(request.headers.get("content-encoding", ""))
        declared = request.headers.get("content-length", "")
        waits = request.headers.get("expect", "").lower() == "100-continue"
        if waits and declared.isdigit() and int(declared) > limit:
            raise _too_large(limit)  # the client has not sent anything yet
        self.task = asyncio.current_task()
        chunks: list[bytes] = []
        received = size = 0
        try:
            async for chunk in request.stream():
                received += len(chunk)
                if size <= limit and chunk:
                    unpacked = unpack.feed(chunk, limit - size + 1) if unpack else chunk
                    size += len(unpacked)
                    chunks.append(unpacked)
                    self.grow(min(size, limit))
                if size > limit:
                    chunks.clear()
                    if received > limit * _PATIENCE:
                        break
        except asyncio.CancelledError:
            if self._evicted:
                raise _full() from None
            raise
        finally:
            self.task = None
        if size > limit:
            raise _too_large(limit)
        if unpack and not unpack.complete:
            raise _no_gzip()
        return b"".join(chunks)


class _Gzip:
    """Unpacks gzip piece by piece, never more than it was asked for."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_GZIP)

    @property
    def complete(self) -> bool:
        """Whether the end has come."""
        return self._inflate.eof

    def feed(self, data: bytes, room: int) -> bytes:
        """The unpacked `data`, or its first `room` bytes if it is longer. Raises HTTPProblem 422."""
        unpacked = b""
        try:
            while data and len(unpacked) < room:
                if self._inflate.eof:  # a file of several members
                    self._inflate = zlib.decompressobj(_GZIP)
                unpacked += self._inflate.decompress(data, room - len(unpacked))
                data = self._inflate.unused_data
        except zlib.error:
            raise _no_gzip() from None
        return unpacked


def _unpacker(encoding: str) -> _Gzip | None:
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    if name not in _GZIP_NAMES:
        raise HTTPProblem(
            ENCODING, "the Content-Encoding is not one of gzip and identity", {"Accept-Encoding": "gzip, identity"}
        )
    return _Gzip()


def _too_large(limit: int) -> HTTPProblem:
    return HTTPProblem(TOO_LARGE, f"the body has more than {limit} bytes", {"Connection": "close"})


def _no_gzip() -> HTTPProblem:
    return HTTPProblem(INVALID, "the body is not gzip, although its Content-Encoding says so", errors=[])


def _full() -> HTTPProblem:
    detail = "the bodies of all requests together have reached the server's bound; try again in 1 s"
    return HTTPProblem(BODIES_FULL, detail, {"Retry-After": "1", "Connection": "close"})


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled when the client leaves; then raises ClientDisconnect.

    The body must have been read.
    """
    caller = asyncio.current_task()
    assert caller is not None
    working, left = True, False

    def leave(_: asyncio.Future[None]) -> None:
        nonlocal left
        if working:
            left = True
            caller.cancel()

    # The work runs in the current task: another task would cost a good part of the time that a short text takes.
    watch = asyncio.ensure_future(_disconnect(request))
    watch.add_done_callback(leave)
    try:
        return await work
    except asyncio.CancelledError:
        if left:
            raise ClientDisconnect from None
        raise
    finally:
        working = False
        watch.cancel()


async def _disconnect(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def json_response(content: dict[str, Any]) -> Response:
    """An answer as JSON in UTF-8, without spaces."""
    encoded = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    return Response(encoded, media_type="application/json")
