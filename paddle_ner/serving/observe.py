"""What happens around every request: its id, log line, metrics and span, and the handling of unexpected errors."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from paddle_ner.serving import logs, tracing
from paddle_ner.serving.caller import Caller, Network, read_caller
from paddle_ner.serving.metrics import Metrics
from paddle_ner.serving.problems import INTERNAL, HTTPProblem

logger = logging.getLogger(__name__)

_NOSNIFF = (b"x-content-type-options", b"nosniff")


class Observe:
    """The outermost ASGI middleware. Plain ASGI, since a wrapper of `receive` would hide that a client left."""

    def __init__(self, app: ASGIApp, metrics: Metrics, trusted: Sequence[Network] = ()) -> None:
        self._app = app
        self._trusted = trusted
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = scope["method"]
        if asked == "HEAD":  # answered as GET; the server leaves the body out (RFC 9110, 9.3.2)
            scope = {**scope, "method": "GET"}
        caller = read_caller(scope, self._trusted)
        logs.request_id.set(caller.request_id)
        if not tracing.active():
            await self._observe(scope, receive, send, caller, asked)
            return
        with tracing.RequestSpan(asked, scope["headers"]) as span:
            await self._observe(scope, receive, send, caller, asked, span)

    async def _observe(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        caller: Caller,
        method: str,
        span: tracing.RequestSpan | None = None,
    ) -> None:
        started = time.monotonic()
        status = 0
        added = [(b"x-request-id", caller.request_id.encode("ascii")), _NOSNIFF]

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            logger.error("a defect of the server: %s failed: %s", method, logs.describe(error))
            if status:  # too late for another answer; the server closes the connection
                raise
            await HTTPProblem(INTERNAL, "the server failed; its log has the reason").response()(
                scope, receive, send_with_headers
            )
        finally:
            seconds = time.monotonic() - started
            # Paths without a route share one label, so that a scan of the server cannot grow the metrics.
            route = getattr(scope.get("route"), "path", "other")
            status = status or 500
            self._metrics.answered(route, status, seconds)
            if span:
                span.finish(route, status, caller.request_id)
            if logger.isEnabledFor(logging.INFO):
                _log(method, route, status, seconds, caller, span)


def _log(
    method: str, route: str, status: int, seconds: float, caller: Caller, span: tracing.RequestSpan | None
) -> None:
    trace = {"trace_id": span.trace_id} if span else {}
    logger.info(
        "%s %s %d",
        method,
        route,
        status,
        extra={
            "request_id": caller.request_id,
            "method": method,
            "route": route,
            "status": status,
            "milliseconds": round(seconds * 1000, 2),
            "texts": caller.texts,
            "characters": caller.characters,
            "key": caller.key,
            "client": caller.address,
            **trace,
        },
    )
