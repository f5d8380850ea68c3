"""Bodies: reading one within bounds, noticing that its client left, writing one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from paddle_ner.serving.problems import TOO_LARGE, HTTPProblem

T = TypeVar("T")

# A client that is still sending cannot read our answer, so what is too large is read to its end and thrown away. Up to
# this many times the bound; past it the connection is closed.
_PATIENCE = 16


async def read_body(request: Request, limit: int) -> bytes:
    """The body. Raises HTTPProblem 413 past `limit` bytes, of which never more are held; ClientDisconnect."""
    declared = request.headers.get("content-length", "")
    waits = request.headers.get("expect", "").lower() == "100-continue"
    if waits and declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)  # the client has not sent anything yet
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        elif size > limit * _PATIENCE:
            break
        else:
            chunks.clear()
    if size > limit:
        raise _too_large(limit)
    return b"".join(chunks)


def _too_large(limit: int) -> HTTPProblem:
    return HTTPProblem(TOO_LARGE, f"the body has more than {limit} bytes", {"Connection": "close"})


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

    # The work runs in the task that is here anyway: another one would cost a part of the time that a short text takes.
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
    """An answer in JSON, in UTF-8 and without spaces."""
    encoded = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    return Response(encoded, media_type="application/json")
