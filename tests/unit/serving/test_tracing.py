from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from paddle_ner.serving import tracing
from tests.unit.serving.fakes import POISON
from tests.unit.serving.harness import PATIENCE

Serve = Callable[..., httpx.Client]
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Kept(InMemorySpanExporter):
    """Spans in memory. A request's own comes last, when its client may have its answer already."""

    def __init__(self) -> None:
        super().__init__()
        self._came = threading.Condition()

    def export(self, spans: Any) -> Any:
        with self._came:
            self._came.notify_all()
            return super().export(spans)

    def requests(self, count: int) -> list[Any]:
        """The spans of so many requests, once they are there."""
        with self._came:
            assert self._came.wait_for(lambda: len(self._requests()) >= count, PATIENCE)
            return self._requests()

    def _requests(self) -> list[Any]:
        return [span for span in self.get_finished_spans() if span.kind is trace.SpanKind.SERVER]


@pytest.fixture(scope="module")
def exporter() -> Iterator[Kept]:
    """What a program that sets a tracer provider does; it can be set once in a process."""
    kept = Kept()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    trace.set_tracer_provider(provider)
    yield kept
    provider.shutdown()
    tracing._tracer = None


@pytest.fixture
def traced(exporter: Kept, serve: Serve) -> httpx.Client:
    client = serve()
    exporter.clear()
    return client


def test_a_request_has_spans_of_its_parts_below_the_caller_s_own(traced: httpx.Client, exporter: Kept) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-ID": "job-7"}
    traced.post("/models/fake/predict?text=secret", json={"text": "secret"}, headers=headers)
    exporter.requests(1)
    found = {span.name: span for span in exporter.get_finished_spans()}
    assert len(exporter.get_finished_spans()) == 4
    assert set(found) == {"POST /models/{name}/predict", "tokenization", "queue", "inference"}
    request = found["POST /models/{name}/predict"]
    assert request.parent is not None and request.attributes is not None
    assert f"{request.parent.span_id:016x}" == PARENT
    assert request.kind is trace.SpanKind.SERVER
    assert dict(request.attributes) == {
        "http.request.method": "POST",
        "http.route": "/models/{name}/predict",
        "http.response.status_code": 200,
        "paddle_ner.request_id": "job-7",
    }
    for name in ("tokenization", "queue", "inference"):
        parent = found[name].parent
        assert parent is not None and parent.span_id == request.context.span_id
    assert {f"{span.context.trace_id:032x}" for span in found.values()} == {TRACE}
    ends = [found[name].end_time or 0 for name in ("tokenization", "queue", "inference")]
    assert 0 < ends[0] <= ends[1] <= ends[2]
    assert not any("secret" in span.to_json() for span in found.values())


def test_without_traceparent_a_request_begins_a_trace(traced: httpx.Client, exporter: Kept) -> None:
    traced.get("/models", headers={"traceparent": "nonsense"})
    (request,) = exporter.requests(1)
    assert (request.name, request.parent) == ("GET /models", None)


def test_a_failure_is_marked_and_says_nothing_of_the_text(traced: httpx.Client, exporter: Kept) -> None:
    traced.post("/predict", json={"text": f"secret{POISON}"})
    traced.post("/predict", json={"text": ""})
    traced.get("/nothing?text=secret")
    failed, refused, unknown = exporter.requests(3)
    assert failed.status.status_code is trace.StatusCode.ERROR
    assert refused.status.status_code is trace.StatusCode.UNSET
    assert unknown.name == "GET other"
    assert not any("secret" in span.to_json() for span in exporter.get_finished_spans())


def test_the_log_line_has_the_trace(traced: httpx.Client, exporter: Kept, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "paddle_ner"):
        traced.get("/models", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
        exporter.requests(1)  # its line was written before its span ended
    assert vars(caplog.records[0])["trace_id"] == TRACE


def _run(code: str) -> str:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.mark.parametrize("package", ["there", "gone"])
def test_without_a_provider_or_the_package_there_are_no_spans(package: str) -> None:
    check = (
        "import sys; from paddle_ner.serving import tracing\n"
        + ("sys.modules['opentelemetry'] = None\n" if package == "gone" else "")
        + "tracing.configure({}); tracing.start(); print(tracing.active(), tracing.current())\n"
        "with tracing.span('x', texts=1) as span: print(span)\n"
        "tracing.record('x', None, 0.0, 1.0)"
    )
    assert _run(check) == "False None\nNone"


def test_the_environment_may_name_an_exporter() -> None:
    code = (
        "from paddle_ner.serving import tracing; tracing.configure({'OTEL_TRACES_EXPORTER': 'console'});"
        "tracing.start()\n"
        "with tracing.span('queue', texts=3): pass"
    )
    output = _run(code)
    assert '"name": "queue"' in output and '"paddle_ner.texts": 3' in output


def test_an_exporter_that_is_not_installed_is_refused_in_one_line() -> None:
    code = (
        "from paddle_ner.serving import tracing; from paddle_ner.errors import MissingPackageError\n"
        "try: tracing.configure({'OTEL_TRACES_EXPORTER': 'nowhere'})\n"
        "except MissingPackageError as error: print(error)"
    )
    assert _run(code).startswith("OTEL_TRACES_EXPORTER: there is no exporter nowhere; install opentelemetry-sdk")


def test_a_disabled_sdk_is_left_alone() -> None:
    tracing.configure({"OTEL_TRACES_EXPORTER": "nowhere", "OTEL_SDK_DISABLED": "true"})
    tracing.configure({"OTEL_TRACES_EXPORTER": "none"})
