"""OpenTelemetry spans: of a request, and below it of tokenization, queue and inference.

There are none, at next to no cost, unless the package is installed and a tracer provider is set: by the program that
makes the application, by ``opentelemetry-instrument``, or by `configure` from the variable OTEL_TRACES_EXPORTER.

The batcher works in other threads than the request's own task, so it carries the request's context along::

    context = tracing.current()                                   # on the event loop, when the request comes
    with tracing.span("tokenization", parent=context, texts=3):   # in any thread
        …
    tracing.record("queue", context, since, until)                # afterwards, from two readings of time.monotonic
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from paddle_ner import __version__
from paddle_ner.errors import MissingPackageError

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

Attribute = str | int | float | bool

_NOTHING: AbstractContextManager[None] = nullcontext()
_tracer: Tracer | None = None


def configure(environment: Mapping[str, str] = os.environ) -> None:
    """Set a tracer provider where OTEL_TRACES_EXPORTER names an exporter and no program has set one.

    What OpenTelemetry defines beside it (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, …) is
    read by its own classes. Raises MissingPackageError where the exporter is not installed.
    """
    exporter = environment.get("OTEL_TRACES_EXPORTER", "none").strip()
    if exporter in ("", "none") or environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or _has_provider():
        return
    if exporter == "otlp":
        protocol = environment.get("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
        exporter = "otlp_proto_grpc" if protocol == "grpc" else "otlp_proto_http"
    exporters = tuple(entry_points(group="opentelemetry_traces_exporter", name=exporter))
    if not exporters:
        raise MissingPackageError(
            f"OTEL_TRACES_EXPORTER: there is no exporter {exporter}; install opentelemetry-sdk and the exporter's own"
            " package (for otlp opentelemetry-exporter-otlp-proto-http), or set it to none"
        )
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()  # at exit it sends what is left
    provider.add_span_processor(BatchSpanProcessor(exporters[0].load()()))
    trace.set_tracer_provider(provider)


def start() -> None:
    """Begin to trace where there is a tracer provider. Called when the server starts."""
    global _tracer
    if _has_provider():
        from opentelemetry import trace

        _tracer = trace.get_tracer("paddle_ner", __version__)


def _has_provider() -> bool:
    try:
        from opentelemetry import trace
    except ImportError:
        return False
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def active() -> bool:
    """Whether spans are made."""
    return _tracer is not None


def current() -> Context | None:
    """The context of the span that is open here, for use as a parent in another thread; None where there are none."""
    if _tracer is None:
        return None
    from opentelemetry import context

    return context.get_current()


def span(name: str, *, parent: Context | None = None, **attributes: Attribute) -> AbstractContextManager[Span | None]:
    """A span while the block runs, below `parent` or the span that is open here. Attributes go under ``paddle_ner.``"""
    if _tracer is None:
        return _NOTHING
    return _tracer.start_as_current_span(
        name,
        context=parent,
        attributes=_named(attributes),
        record_exception=False,  # its message may hold a part of the text
        set_status_on_exception=False,
    )


def record(name: str, parent: Context | None, started: float, ended: float, **attributes: Attribute) -> None:
    """A span of what has happened between two readings of time.monotonic."""
    if _tracer is None:
        return
    offset = time.time_ns() - time.monotonic_ns()
    begun = _tracer.start_span(
        name, context=parent, attributes=_named(attributes), start_time=offset + int(started * 1e9)
    )
    begun.end(offset + int(ended * 1e9))


class RequestSpan:
    """The span of a request, below the one that its headers name (W3C traceparent).

    Use as a context manager; `finish` within it, when the answer is known.
    """

    def __init__(self, method: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
        from opentelemetry import propagate
        from opentelemetry.trace import SpanKind

        assert _tracer is not None, "only where active()"
        fields = propagate.get_global_textmap().fields
        decoded = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
        context = propagate.extract({name: value for name, value in decoded if name in fields})
        self._method = method
        self._opened = _tracer.start_as_current_span(
            method,
            context=context,
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method},
            record_exception=False,
            set_status_on_exception=False,
        )
        self._span: Span | None = None

    def __enter__(self) -> RequestSpan:
        self._span = self._opened.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._opened.__exit__(None, None, None)

    @property
    def trace_id(self) -> str:
        """32 hex digits, as in the header traceparent."""
        assert self._span is not None
        return f"{self._span.get_span_context().trace_id:032x}"

    def finish(self, route: str, status: int, request_id: str) -> None:
        """Name the span by the route, and say how it ended."""
        from opentelemetry.trace import StatusCode

        assert self._span is not None
        self._span.update_name(f"{self._method} {route}")
        self._span.set_attributes(
            {"http.route": route, "http.response.status_code": status, "paddle_ner.request_id": request_id}
        )
        if status >= 500:
            self._span.set_status(StatusCode.ERROR)


def _named(attributes: Mapping[str, Attribute]) -> dict[str, Attribute]:
    return {f"paddle_ner.{name}": value for name, value in attributes.items()}
