"""The tokenizer's side of a loaded model: texts wait for a thread of the pool, which turns them into windows.

Clients take turns. An encoded text takes some hundred times the memory of the text, so no more texts of a client are
encoded while many of its windows wait for an engine.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from itertools import groupby
from operator import attrgetter

from paddle_ner.serving import tracing
from paddle_ner.serving.fair import Lines
from paddle_ner.serving.metrics import ModelMetrics
from paddle_ner.serving.model import Model
from paddle_ner.serving.queue import turn_of
from paddle_ner.serving.work import Answer, QueuedWindow, Request, Text, Unencoded

CHUNK, CHUNK_TOKENS = 16, 4096  # texts, and their characters, that one thread encodes before others start

Answers = list[tuple[Request, int, Answer]]


class Encoder:
    """Encodes the texts of one batcher. Safe to call from any thread.

    Args:
        owner: the batcher; texts that it no longer owns are dropped.
        model: the tokenizer's.
        pool: where texts are encoded.
        metrics: counts what happens.
        is_fed: whether a client's texts should be encoded now.
        deliver: receives the windows of a chunk, and the answers to its texts that could not be encoded.
        failure: turns an exception into an answer.
    """

    def __init__(
        self,
        owner: object,
        model: Model,
        pool: Executor,
        metrics: ModelMetrics,
        *,
        is_fed: Callable[[str], bool],
        deliver: Callable[[list[QueuedWindow], Answers], None],
        failure: Callable[[BaseException, Request], Exception],
    ) -> None:
        self._owner = owner
        self._model = model
        self._pool = pool
        self._metrics = metrics
        self._is_fed = is_fed
        self._deliver = deliver
        self._failure = failure
        self._threads = min(4, os.cpu_count() or 1)
        self._lock = threading.Lock()
        self._waiting: Lines[Unencoded] = Lines()
        self._under_way = 0  # chunks that the pool has

    def put(self, texts: Iterable[Unencoded]) -> None:
        """Encode these texts."""
        with self._lock:
            self._waiting.put(texts)
        self.feed()

    def close(self) -> None:
        """Encode nothing more, and drop the batcher: in a cycle with it the model would stay in memory."""
        self._owner = object()
        self._is_fed = lambda client: False
        self._deliver = lambda windows, failed: None
        self._failure = lambda error, request: RuntimeError(type(error).__name__)

    def feed(self) -> None:
        """Give the pool the texts to encode next. Called whenever there may be more of them."""
        while self._waiting:
            with self._lock:
                if self._under_way >= self._threads:
                    return
                chunk = self._waiting.front(time.monotonic(), CHUNK_TOKENS, self._is_fed)[:CHUNK]
                if not chunk:
                    return
                self._waiting.take(chunk)
                self._under_way += 1
            try:
                self._pool.submit(self._encode, chunk)
            except RuntimeError:  # the pool is shut down: the server stopped without waiting
                return

    def _encode(self, chunk: list[Unencoded]) -> None:
        windows: list[QueuedWindow] = []
        failed: Answers = []
        for request, entries in groupby(chunk, key=attrgetter("request")):
            indices = [entry.index for entry in entries]
            with tracing.span("tokenization", parent=request.trace, texts=len(indices)):
                for index in indices:
                    if guilt := request.suspects.get(index):
                        failed.append((request, index, guilt))
                    elif request.is_wanted(self._owner, started := time.monotonic()):
                        try:
                            windows += self._encode_text(request, index, started)
                        except BaseException as error:  # a panic of the tokenizer's Rust is no Exception
                            failed.append((request, index, self._failure(error, request)))
        with self._lock:
            self._under_way -= 1
        self._deliver(windows, failed)
        self.feed()

    def _encode_text(self, request: Request, index: int, started: float) -> list[QueuedWindow]:
        encoded = self._model.encode(request.texts[index])
        now = time.monotonic()
        self._metrics.encoded(now - started)
        count = len(encoded.windows)
        text = Text(request, index, self._owner, encoded, [None] * count, count)
        widths = [self._model.padded_length(window.length) for window in encoded.windows]
        return [
            QueuedWindow(text, position, window, width, now, turn_of(now, window.owned[0]))
            for position, (window, width) in enumerate(zip(encoded.windows, widths, strict=True))
        ]
