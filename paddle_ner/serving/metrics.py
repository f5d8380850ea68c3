"""What the server counts, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from paddle_ner.inference.planning import padded_length

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_TOKENS = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)


class Metrics:
    """The metrics of one application, in a registry of their own."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "paddle_ner_requests", "Requests by route and status.", ["route", "status"], registry=self.registry
        )
        self.request_seconds = self._histogram(
            "paddle_ner_request_seconds", "From the request's head to the end of its answer.", ["route"], _SECONDS
        )
        self.queue = Gauge(
            "paddle_ner_queue_texts", "Texts accepted and not yet answered.", ["model"], registry=self.registry
        )
        self.tokenization = self._histogram(
            "paddle_ner_tokenization_seconds", "Encoding of one text.", ["model"], _SECONDS
        )
        self.queued = self._histogram(
            "paddle_ner_queue_seconds", "From a window's encoding to the start of its batch.", ["model"], _SECONDS
        )
        self.inference = self._histogram(
            "paddle_ner_inference_seconds", "One batch through the engine.", ["model"], _SECONDS
        )
        self.batch_windows = self._histogram("paddle_ner_batch_windows", "Windows in a batch.", ["model"], _ROWS)
        self.batch_tokens = self._histogram("paddle_ner_batch_tokens", "Padded tokens in a batch.", ["model"], _TOKENS)
        self.tokens = Counter(
            "paddle_ner_tokens",
            "Tokens through the engine, by kind: text or padding.",
            ["model", "kind"],
            registry=self.registry,
        )

    def _histogram(self, name: str, help_text: str, labels: Sequence[str], buckets: Sequence[float]) -> Histogram:
        return Histogram(name, help_text, labels, buckets=buckets, registry=self.registry)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self.requests.labels(route, str(status)).inc()
        self.request_seconds.labels(route).observe(seconds)

    def model(self, name: str) -> ModelMetrics:
        """The metrics of the model called `name`."""
        return ModelMetrics(self, name)

    def render(self) -> bytes:
        """The exposition of all metrics."""
        return generate_latest(self.registry)


class ModelMetrics:
    """The metrics of one model, their label bound once. Safe to call from any thread."""

    def __init__(self, metrics: Metrics, name: str) -> None:
        self._queue = metrics.queue.labels(name)
        self._tokenization = metrics.tokenization.labels(name)
        self._queued = metrics.queued.labels(name)
        self._inference = metrics.inference.labels(name)
        self._batch_windows = metrics.batch_windows.labels(name)
        self._batch_tokens = metrics.batch_tokens.labels(name)
        self._text_tokens = metrics.tokens.labels(name, "text")
        self._padding_tokens = metrics.tokens.labels(name, "padding")

    def watch_queue(self, length: Callable[[], float]) -> None:
        """Read the queue's length from `length` whenever the metrics are asked for."""
        self._queue.set_function(length)

    def encoded(self, seconds: float) -> None:
        """One text was encoded in `seconds`."""
        self._tokenization.observe(seconds)

    def ran(self, seconds: float, waited: Sequence[float], lengths: Sequence[int]) -> None:
        """A batch of windows of `lengths` tokens, which had `waited` so many seconds each, took `seconds`."""
        padded = len(lengths) * padded_length(max(lengths))
        for one in waited:
            self._queued.observe(one)
        self._inference.observe(seconds)
        self._batch_windows.observe(len(lengths))
        self._batch_tokens.observe(padded)
        self._text_tokens.inc(sum(lengths))
        self._padding_tokens.inc(padded - sum(lengths))
