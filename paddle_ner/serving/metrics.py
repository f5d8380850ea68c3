"""What the server counts, in Prometheus' text format."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from paddle_ner.serving import logs
from paddle_ner.serving.recent import Recent

DropReason = Literal["deadline", "client_left"]
Stage = Literal["encode", "run", "decode"]
Closed = Literal["head_late", "body_late", "answer_unread", "head_too_large", "malformed", "too_many", "evicted"]
ReloadResult = Literal["swapped", "refused"]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_TOKENS = (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)
_INFO = ("version", "engine", "device", "precision", "task", "threads", "replicas")


class Metrics:
    """The metrics of one application, in their own registry."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = self._counter("paddle_ner_requests", "Requests by route and status.", "route", "status")
        self.request_seconds = self._histogram(
            "paddle_ner_request_seconds", "From the request's head to the end of its answer.", _SECONDS, label="route"
        )
        self._connections = Gauge("paddle_ner_connections", "Open connections.", registry=self.registry)
        ended = self._counter("paddle_ner_connections_ended", "Connections that the server ended, by reason.", "reason")
        self._ended = {reason: ended.labels(reason) for reason in get_args(Closed)}
        self.queue = self._gauge("paddle_ner_queue_texts", "Texts accepted and not yet answered.")
        self.queue_tokens = self._gauge(
            "paddle_ner_queue_tokens", "Characters of the texts accepted and not yet answered."
        )
        self.tokenization = self._histogram("paddle_ner_tokenization_seconds", "Encoding of one text.", _SECONDS)
        self.queued = self._histogram(
            "paddle_ner_queue_seconds", "From a window's encoding to the start of its batch.", _SECONDS
        )
        self.inference = self._histogram("paddle_ner_inference_seconds", "One batch through the engine.", _SECONDS)
        self.batch_windows = self._histogram("paddle_ner_batch_windows", "Windows in a batch.", _ROWS)
        self.batch_tokens = self._histogram("paddle_ner_batch_tokens", "Padded tokens in a batch.", _TOKENS)
        self.tokens = self._counter(
            "paddle_ner_tokens", "Tokens through the engine, by kind: text or padding.", "model", "kind"
        )
        self.texts = self._counter(
            "paddle_ner_texts",
            "Texts answered in which a label was found, once for each label.",
            "model",
            "label",
        )
        # A separate series, since a model's label may have any name that could stand for this one.
        self.without_label = self._counter(
            "paddle_ner_texts_without_label", "Texts answered in which no label was found.", "model"
        )
        self.dropped = self._counter(
            "paddle_ner_dropped_texts", "Texts not answered because nobody waited for them any more.", "model", "reason"
        )
        self.failed = self._counter(
            "paddle_ner_failed_texts",
            "Texts that made the model fail, by stage: encode, run or decode.",
            "model",
            "stage",
        )
        self.registry.register(_DroppedLines())
        self.rebuilds = self._counter(
            "paddle_ner_engine_rebuilds", "Engines that were rebuilt after they had failed.", "model"
        )
        self.reloads = self._counter("paddle_ner_reloads", "New bundles found on disk, by result.", "model", "result")
        self.ready = self._gauge("paddle_ner_model_ready", "1 while the model answers, else 0.")
        self.info = self._gauge("paddle_ner_model_info", "Always 1; the labels say what is served.", *_INFO)
        self._models: dict[str, ModelMetrics] = {}

    def _counter(self, name: str, help_text: str, *labels: str) -> Counter:
        return Counter(name, help_text, labels, registry=self.registry)

    def _gauge(self, name: str, help_text: str, *labels: str) -> Gauge:
        return Gauge(name, help_text, ("model", *labels), registry=self.registry)

    def _histogram(self, name: str, help_text: str, buckets: Sequence[float], label: str = "model") -> Histogram:
        return Histogram(name, help_text, [label], buckets=buckets, registry=self.registry)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self.requests.labels(route, str(status)).inc()
        self.request_seconds.labels(route).observe(seconds)

    def watch_connections(self, number: Callable[[], float]) -> None:
        """Read the number of open connections from `number` at each scrape."""
        self._connections.set_function(number)

    def closed(self, reason: Closed) -> None:
        """Count a connection that the server ended."""
        self._ended[reason].inc()

    def model(self, name: str) -> ModelMetrics:
        """The metrics of the model called `name`: the same object each time."""
        if name not in self._models:
            self._models[name] = ModelMetrics(self, name)
        return self._models[name]

    def render(self) -> bytes:
        """The exposition of all metrics."""
        return generate_latest(self.registry)


class _DroppedLines(Collector):
    def collect(self) -> Iterable[Metric]:
        yield CounterMetricFamily(
            "paddle_ner_log_lines_dropped", "Log lines that were dropped because nobody read the log.", logs.dropped()
        )


class ModelMetrics:
    """The metrics of one model, their label bound once. Safe to call from any thread, except `recent`.

    Attributes:
        recent: what was answered in the last minute; for the event loop's thread.
    """

    def __init__(self, metrics: Metrics, name: str) -> None:
        self._name = name
        self._info = metrics.info
        self._described: tuple[str, ...] | None = None
        self._queue = metrics.queue.labels(name)
        self._queue_tokens = metrics.queue_tokens.labels(name)
        self._tokenization = metrics.tokenization.labels(name)
        self._queued = metrics.queued.labels(name)
        self._inference = metrics.inference.labels(name)
        self._batch_windows = metrics.batch_windows.labels(name)
        self._batch_tokens = metrics.batch_tokens.labels(name)
        self._text_tokens = metrics.tokens.labels(name, "text")
        self._padding_tokens = metrics.tokens.labels(name, "padding")
        self._texts = metrics.texts
        self._without_label = metrics.without_label.labels(name)
        # Bound here so that each is exposed from the start, as 0: a rate needs a first value.
        self._dropped = {reason: metrics.dropped.labels(name, reason) for reason in ("deadline", "client_left")}
        self._failed = {stage: metrics.failed.labels(name, stage) for stage in ("encode", "run", "decode")}
        self._reloads = {result: metrics.reloads.labels(name, result) for result in ("swapped", "refused")}
        self._rebuilds = metrics.rebuilds.labels(name)
        self._ready = metrics.ready.labels(name)
        self._length: Callable[[], float] = lambda: 0
        self.recent = Recent()

    def watch_queue(self, length: Callable[[], float], tokens: Callable[[], float]) -> None:
        """Read the queue's length in texts and tokens at each scrape, instead of from an earlier queue."""
        self._length = length
        self._queue.set_function(length)
        self._queue_tokens.set_function(tokens)

    @property
    def queue_length(self) -> int:
        """Texts accepted and not yet answered."""
        return int(self._length())

    def encoded(self, seconds: float) -> None:
        """Note that a text was encoded in `seconds`."""
        self._tokenization.observe(seconds)

    def ran(self, seconds: float, waited: Sequence[float], tokens: int, padded: int) -> None:
        """Note that a batch of `tokens`, `padded` with padding, took `seconds`, after its windows had each `waited`."""
        for seconds in waited:
            self._queued.observe(seconds)
        self._inference.observe(seconds)
        self._batch_windows.observe(len(waited))
        self._batch_tokens.observe(padded)
        self._text_tokens.inc(tokens)
        self._padding_tokens.inc(padded - tokens)

    def answered_texts(self, answers: Iterable[Sequence[str]]) -> None:
        """Count answered texts by the labels in each; a label counts once per text."""
        distinct = [set(labels) for labels in answers]
        for label, count in collections.Counter(label for labels in distinct for label in labels).items():
            self._texts.labels(self._name, label).inc(count)
        self._without_label.inc(sum(not labels for labels in distinct))

    def dropped(self, reason: DropReason) -> None:
        """Count a text that was not answered, since nobody waited for it any more."""
        self._dropped[reason].inc()

    def failed(self, stage: Stage) -> None:
        """Count a text that made the model fail."""
        self._failed[stage].inc()

    def rebuilt(self) -> None:
        """Count a rebuilt engine."""
        self._rebuilds.inc()

    def reloaded(self, result: ReloadResult) -> None:
        """Count a new bundle on disk that was accepted or refused."""
        self._reloads[result].inc()

    def ready(self, ready: bool) -> None:
        """Note whether the model answers from now on."""
        self._ready.set(ready)

    def info(
        self,
        *,
        version: str,
        engine: str,
        device: str,
        precision: str,
        task: str,
        threads: int | None,
        replicas: int,
    ) -> None:
        """Expose what is served from now on, instead of what was served before."""
        if self._described:
            self._info.remove(*self._described)
        shown = "" if threads is None else str(threads)
        self._described = (self._name, version, engine, device, precision, task, shown, str(replicas))
        self._info.labels(*self._described).set(1)
