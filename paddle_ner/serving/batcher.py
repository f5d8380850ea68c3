"""The batching policy: what waits, what goes through the engine next, and what is dropped.

A text is encoded off the event loop, in a pool of threads, and its windows queue. One thread owns the engine and,
whenever the engine is free, takes the next batch: always the window that has waited longest, and with it the windows
nearest to it in length, as long as padding them together is cheaper than another call and the batch stays within a
budget of padded tokens. So nothing waits while the engine is idle, and nothing starves. What nobody waits for any
more (the client left, the deadline passed) is dropped before it is computed.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field

from paddle_ner.features.windows import Encoded, Window
from paddle_ner.inference.planning import padded_length
from paddle_ner.serving.metrics import ModelMetrics
from paddle_ner.serving.model import Logits, Model
from paddle_ner.types import Prediction

logger = logging.getLogger(__name__)

CALL_TOKENS = 64  # what a call of the engine costs beside its tokens, in tokens
ENCODE_CHUNK = 16  # texts of one request that one thread encodes before their neighbours may start

Answer = Prediction | Exception


class QueueFullError(Exception):
    """No room for the request; `retry_after` is in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class DeadlineError(Exception):
    """The deadline passed before the last answer."""


class AbandonedError(Exception):
    """The server stops and no longer waits for the answer."""


@dataclass(slots=True, eq=False)
class _Request:
    """Texts that came together and are answered together. `settle` runs on the event loop."""

    texts: Sequence[str]
    deadline: float
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[list[Answer]]
    answers: dict[int, Answer] = field(default_factory=dict)
    gone: bool = False

    def settle(self, index: int, answer: Answer) -> None:
        self.answers[index] = answer
        if len(self.answers) == len(self.texts) and not self.future.done():
            self.future.set_result([self.answers[i] for i in range(len(self.texts))])


@dataclass(slots=True, eq=False)
class _Text:
    """One text under way; `logits` fill up as its windows are computed."""

    request: _Request
    index: int
    encoded: Encoded
    logits: list[Logits | None]
    failed: bool = False

    def is_wanted(self, now: float) -> bool:
        return not (self.failed or self.request.gone or now >= self.request.deadline)


@dataclass(slots=True, eq=False)
class _Row:
    """One window in the queue."""

    text: _Text
    position: int
    window: Window
    since: float


class Batcher:
    """One model, its queue and the thread that owns its engine.

    Args:
        model: encodes, runs and decodes.
        pool: where texts are encoded and decoded.
        metrics: is told what happened.
        max_queue: texts accepted and not yet answered.
        batch_tokens: padded tokens in a batch; a window that is longer goes alone.
        batch_delay: seconds that the oldest window may wait for company while the engine is free.
    """

    def __init__(
        self,
        model: Model,
        pool: Executor,
        metrics: ModelMetrics,
        *,
        max_queue: int = 1024,
        batch_tokens: int = 2048,
        batch_delay: float = 0.0,
    ) -> None:
        self._model = model
        self._pool = pool
        self._metrics = metrics
        self._max_queue = max_queue
        self._batch_tokens = batch_tokens
        self._batch_delay = batch_delay
        self._requests: set[_Request] = set()
        self._pending = 0
        self._seconds_per_row = 0.0
        self._waiting: list[_Row] = []  # in order of arrival, guarded by _changed
        self._changed = threading.Condition()
        self._closed = False
        metrics.watch_queue(lambda: self._pending)
        self._thread = threading.Thread(target=self._serve, name="engine", daemon=True)
        self._thread.start()

    # ------------------------------------------------------------------ the event loop's side

    async def submit(self, texts: Sequence[str], deadline_seconds: float) -> list[Answer]:
        """The answer for each text, in order: a Prediction, or the exception that this text alone met.

        Raises QueueFullError at once where there is no room, DeadlineError, and AbandonedError. Cancelling it drops
        the texts.
        """
        if self._pending + len(texts) > self._max_queue:
            raise QueueFullError(self._retry_after())
        loop = asyncio.get_running_loop()
        request = _Request(texts, time.monotonic() + deadline_seconds, loop, loop.create_future())
        self._requests.add(request)
        self._pending += len(texts)
        try:
            for start in range(0, len(texts), ENCODE_CHUNK):
                self._pool.submit(self._encode, request, range(start, min(start + ENCODE_CHUNK, len(texts))))
            return await asyncio.wait_for(request.future, deadline_seconds)
        except asyncio.TimeoutError:
            raise DeadlineError from None
        finally:
            request.gone = True
            self._requests.discard(request)
            self._pending -= len(texts)

    @property
    def alive(self) -> bool:
        """Whether the engine's thread still takes batches."""
        return self._thread.is_alive()

    def abandon(self) -> None:
        """Let every caller go with AbandonedError, whatever the engine is doing."""
        for request in list(self._requests):
            if not request.future.done():
                request.future.set_exception(AbandonedError())

    def close(self, timeout: float) -> None:
        """Take no more batches; wait up to `timeout` seconds for the one under way."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(timeout)

    def _retry_after(self) -> int:
        return min(60, max(1, math.ceil(self._pending * self._seconds_per_row)))

    # ------------------------------------------------------------------ the pool's side

    def _encode(self, request: _Request, indices: range) -> None:
        rows: list[_Row] = []
        for index in indices:
            if request.gone:
                return
            started = time.monotonic()
            try:
                encoded = self._model.encode(request.texts[index])
            except Exception as error:
                _log("encode", error)
                self._settle(request, index, error)
                continue
            now = time.monotonic()
            self._metrics.encoded(now - started)
            text = _Text(request, index, encoded, [None] * len(encoded.windows))
            rows += [_Row(text, position, window, now) for position, window in enumerate(encoded.windows)]
        with self._changed:
            self._waiting += rows
            self._changed.notify()

    def _decode(self, text: _Text) -> None:
        answer: Answer
        try:
            answer = self._model.decode(text.encoded, [logits for logits in text.logits if logits is not None])
        except Exception as error:
            _log("decode", error)
            answer = error
        self._settle(text.request, text.index, answer)

    @staticmethod
    def _settle(request: _Request, index: int, answer: Answer) -> None:
        with suppress(RuntimeError):  # the loop is closed: the server stopped without waiting for this answer
            request.loop.call_soon_threadsafe(request.settle, index, answer)

    # ------------------------------------------------------------------ the engine's side: the policy

    @staticmethod
    def choose(lengths: Sequence[int], budget: int) -> list[int]:
        """Which of the waiting windows go next: indices into `lengths`, which are in order of arrival.

        The oldest always goes, alone if it must. From it the batch grows to both sides of the queue sorted by length,
        each time by the window that saves the most: the tokens of a call of its own, less what padding it costs here.
        """
        order = sorted(range(len(lengths)), key=lengths.__getitem__)
        low = order.index(0)
        high = low + 1
        while True:
            rows, width = high - low, padded_length(lengths[order[high - 1]])
            best_saving, best_side = -1, 0
            for side, at in ((-1, low - 1), (1, high)):
                if not 0 <= at < len(order):
                    continue
                alone = padded_length(lengths[order[at]])
                together = (rows + 1) * max(width, alone)
                saving = alone + CALL_TOKENS - (together - rows * width)
                if together <= budget and saving > best_saving:
                    best_saving, best_side = saving, side
            if best_side == 0:
                return order[low:high]
            low, high = (low - 1, high) if best_side < 0 else (low, high + 1)

    def _take(self) -> list[_Row]:
        """Wait for the next batch; empty once closed."""
        with self._changed:
            while True:
                now = time.monotonic()
                self._waiting = [row for row in self._waiting if row.text.is_wanted(now)]
                if self._closed:
                    return []
                if not self._waiting:
                    self._changed.wait()
                    continue
                left = self._waiting[0].since + self._batch_delay - now
                if left <= 0 or sum(padded_length(row.window.length) for row in self._waiting) >= self._batch_tokens:
                    break
                self._changed.wait(left)
            chosen = self.choose([row.window.length for row in self._waiting], self._batch_tokens)
            batch = [self._waiting[index] for index in chosen]
            taken = set(chosen)
            self._waiting = [row for index, row in enumerate(self._waiting) if index not in taken]
            return batch

    def _serve(self) -> None:
        while batch := self._take():
            self._compute(batch)

    def _compute(self, rows: list[_Row]) -> None:
        """Run one batch. Where the engine fails, each half runs again, until what fails is alone."""
        started = time.monotonic()
        try:
            logits = self._model.run([row.window for row in rows])
            if len(logits) != len(rows):
                raise RuntimeError(f"the engine gave {len(logits)} rows of logits for {len(rows)} windows")
        except Exception as error:
            failure = error
        else:
            self._finish(rows, logits, started)
            return
        if len(rows) == 1:
            _log("run", failure)
            rows[0].text.failed = True
            self._settle(rows[0].text.request, rows[0].text.index, failure)
            return
        middle = len(rows) // 2
        for half in (rows[:middle], rows[middle:]):
            now = time.monotonic()
            if wanted := [row for row in half if row.text.is_wanted(now)]:
                self._compute(wanted)

    def _finish(self, rows: list[_Row], logits: list[Logits], started: float) -> None:
        seconds = time.monotonic() - started
        self._seconds_per_row = 0.9 * self._seconds_per_row + 0.1 * seconds / len(rows)
        self._metrics.ran(seconds, [started - row.since for row in rows], [row.window.length for row in rows])
        for row, values in zip(rows, logits, strict=True):
            row.text.logits[row.position] = values
            if all(one is not None for one in row.text.logits):
                with suppress(RuntimeError):  # the pool is shut down: the server stopped without waiting
                    self._pool.submit(self._decode, row.text)


def _log(stage: str, error: Exception) -> None:
    """Log a failure without the text: only the engine's message is printed, since the engine sees ids alone."""
    message = f": {error}" if stage == "run" else ""
    trace = "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s failed on one text: %s%s\n%s", stage, type(error).__name__, message, trace)
