"""One loaded model at work: texts are encoded and queued, computed by the engines' threads, decoded and answered.

A text is encoded outside the event loop, in a pool of threads, and its windows wait in the queue (`queue.Queue`, the
batching policy). Each replica of the model has its own thread (`engine.run_engine`) that takes the next batch whenever
it is free; if several are free, the one that computed last. So nothing waits while an engine is idle. A text that
nobody waits for any more (the client left, the deadline passed) is dropped before it is encoded or computed. Windows
that were in an engine when it broke are queued again, to be computed alone: a text that breaks a second engine is
itself at fault.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import partial

from paddle_ner.serving import tracing
from paddle_ner.serving.encoder import Answers, Encoder
from paddle_ner.serving.engine import run_engine
from paddle_ner.serving.metrics import ModelMetrics, Stage
from paddle_ner.serving.model import Logits, Model
from paddle_ner.serving.queue import Queue
from paddle_ner.serving.work import Answer, QueuedWindow, Request, Text, Unencoded
from paddle_ner.types import Prediction

logger = logging.getLogger(__name__)

# Budgets of padded tokens of a client that may wait encoded: an engine with this much to do does not run dry.
AHEAD = 8
_MEMORY = 0.95  # how much of a batch's weight in the pace is left after the next


class Batcher:
    """A loaded model: its queue, and the threads that own its replicas. Answers until it is closed.

    Args:
        replicas: the replicas of the model; the first also encodes and decodes.
        pool: the threads that encode and decode texts.
        metrics: counts what happens.
        batch_tokens: padded tokens in a batch; a longer window goes alone.
        batch_delay: seconds that the oldest window may wait for others while an engine is free.
        on_broken: called in an engine's thread, with this batcher, when the engine broke.
    """

    def __init__(
        self,
        replicas: Sequence[Model],
        pool: Executor,
        metrics: ModelMetrics,
        *,
        batch_tokens: int = 2048,
        batch_delay: float = 0.0,
        on_broken: Callable[[Batcher], None] = lambda batcher: None,
    ) -> None:
        self.model = replicas[0]
        self.replicas = len(replicas)
        self.working = len(replicas)  # engines that have not broken
        self._busy = self._done = 0.0  # seconds of engines and what they computed in them, the latest counting most
        self._pool = pool
        self._metrics = metrics
        self._on_broken = on_broken
        self._ahead = AHEAD * batch_tokens
        self._entered: list[Unencoded] = []  # what the event loop is about to queue
        self._lock = threading.Lock()
        self._queue: Queue[QueuedWindow] = Queue(batch_tokens, batch_delay)
        self._encoder = Encoder(
            self,
            self.model,
            pool,
            metrics,
            is_fed=self._is_fed,
            deliver=self._encoded,
            failure=partial(self._failure, "encode"),
        )
        self._idle: list[threading.Condition] = []  # one for each engine that waits
        self._closed = False
        self._ready: list[Future[None]] = [Future() for _ in replicas]
        self._threads = [
            threading.Thread(target=run_engine, args=(model, self, ready), name=f"engine-{number}", daemon=True)
            for number, (model, ready) in enumerate(zip(replicas, self._ready, strict=True))
        ]

    def start(self) -> Batcher:
        """Start the engines and wait until each is warm and has answered a text. Raises the first engine's error."""
        for thread in self._threads:
            thread.start()
        failures = [error for error in (ready.exception() for ready in self._ready) if error]
        self._ready.clear()
        if failures:
            self.close()
            raise failures.pop(0)
        return self

    def close(self, timeout: float | None = None) -> None:
        """Take no more batches. With `timeout`, wait up to that many seconds for batches in progress."""
        with self._lock:
            self._closed = True
            self._wake(len(self._idle))
        self._encoder.close()
        for thread in self._threads if timeout is not None else ():
            thread.join(timeout)

    def seconds_for(self, cost: float) -> float:
        """How long texts of this cost will probably take, by the pace of the latest batches."""
        return cost * self._busy / max(self._done, 1.0) / max(self.working, 1)

    # ------------------------------------------------------------------ the event loop's side

    def enter(self, request: Request) -> None:
        """Encode and queue the texts of a request that this batcher owns.

        Texts of requests that the event loop reads at the same time are encoded together: encoding a short text takes
        less time than passing it to a thread and back.
        """
        if not self._entered:
            request.future.get_loop().call_soon(self._submit)
        now = time.monotonic()
        self._entered += [Unencoded(request, index, self, now) for index in range(len(request.texts))]

    def _submit(self) -> None:
        entered, self._entered = self._entered, []
        self._encoder.put(entered)

    def hand_over(self, requests: Iterable[Request], heir: Batcher) -> int:
        """Move the requests that no engine has begun to `heir`, or all of them if no engine works.

        They are encoded again, since the heir may have another tokenizer. Returns how many stay and are finished here.
        """
        moved = []
        staying = 0
        with self._lock:
            for request in requests:
                if request.started and self.working:
                    staying += 1
                    continue
                request.owner = heir
                request.started = False
                request.answers.clear()
                moved.append(request)
        for request in moved:
            heir.enter(request)
        return staying

    def _settle(self, answers: Answers) -> None:
        for request, index, answer in answers:
            if request.owner is not self or request.future.done():
                continue
            request.answers[index] = answer
            if len(request.answers) == len(request.texts):
                request.future.set_result([request.answers[i] for i in range(len(request.texts))])

    def _answer(self, answers: Answers) -> None:
        """Have the event loop settle `answers`, from any thread."""
        if answers:
            with suppress(RuntimeError):  # the loop is closed: the server stopped without waiting for these
                answers[0][0].future.get_loop().call_soon_threadsafe(self._settle, answers)

    # ------------------------------------------------------------------ the pool's side

    def _encoded(self, windows: list[QueuedWindow], failed: Answers) -> None:
        self._answer(failed)
        with self._lock:
            self._queue.put(windows)
            self._wake()

    def _is_fed(self, client: str) -> bool:
        return self._queue.tokens_of(client) < self._ahead

    def _decode(self, texts: list[Text]) -> None:
        answers: Answers = []
        now = time.monotonic()
        for text in texts:
            if not text.is_wanted(now):
                continue
            answer: Answer
            try:
                logits = [logits for logits in text.logits if logits is not None]
                answer = self.model.decode(text.encoded, logits, text.request.min_score)
            except BaseException as error:
                answer = self._failure("decode", error, text.request)
            answers.append((text.request, text.index, answer))
        self._metrics.answered_texts(_labels(answer) for _, _, answer in answers if isinstance(answer, Prediction))
        self._answer(answers)

    def _failure(self, stage: Stage, error: BaseException, request: Request) -> Exception:
        """Count and log a failure, without the text: only the message of the engine, which only sees ids, is logged."""
        message = f": {error}" if stage == "run" else ""
        trace = "".join(traceback.format_tb(error.__traceback__))
        extra = {"request_id": request.id}
        logger.error("%s failed on one text: %s%s\n%s", stage, type(error).__name__, message, trace, extra=extra)
        self._metrics.failed(stage)
        # Without its frames, which refer to the model: an answer must not keep a closed engine alive.
        error.__traceback__ = None
        error.__context__ = error.__cause__ = None
        return error if isinstance(error, Exception) else RuntimeError(type(error).__name__)

    # ------------------------------------------------------------------ the engines' side

    def take(self) -> list[QueuedWindow]:
        """Wait for the next batch; empty once closed."""
        batch = self._take()
        self._encoder.feed()
        return batch

    def _take(self) -> list[QueuedWindow]:
        with self._lock:
            while not self._closed:
                batch, wait = self._queue.take(time.monotonic())
                if batch:
                    for queued in batch:
                        queued.text.request.started = True
                    if self._queue:
                        self._wake()
                    return batch
                self._sleep(wait)
            return []

    def _sleep(self, timeout: float | None) -> None:
        mine = threading.Condition(self._lock)
        self._idle.append(mine)
        mine.wait(timeout)
        if mine in self._idle:
            self._idle.remove(mine)

    def _wake(self, engines: int = 1) -> None:
        # The engine that computed last comes first: its weights are still in the caches of the CPU.
        for _ in range(min(engines, len(self._idle))):
            self._idle.pop().notify()

    def finish(self, windows: list[QueuedWindow], logits: Sequence[Logits], started: float) -> None:
        """Note that a batch was computed, from `started` until now."""
        now = time.monotonic()
        tokens, padded = (
            sum(queued.window.length for queued in windows),
            len(windows) * max(queued.width for queued in windows),
        )
        self._metrics.ran(now - started, [started - queued.since for queued in windows], tokens, padded)
        if tracing.active():
            for request, since in {queued.text.request: queued.since for queued in windows}.items():
                tracing.record("queue", request.trace, since, started)
                tracing.record("inference", request.trace, started, now, windows=len(windows))
        complete: list[Text] = []
        with self._lock:
            for queued, values in zip(windows, logits, strict=True):
                queued.text.logits[queued.position] = values
                queued.text.missing -= 1
                if not queued.text.missing:
                    complete.append(queued.text)
            self._busy = _MEMORY * self._busy + now - started
            self._done = _MEMORY * self._done + sum(queued.text.window_cost for queued in windows)
        if complete:
            with suppress(RuntimeError):  # the pool is shut down: the server stopped without waiting
                self._pool.submit(self._decode, complete)

    def fail(self, text: Text, error: Exception) -> None:
        """Answer this text, and no other, with `error`."""
        text.failed = True
        self._answer([(text.request, text.index, self._failure("run", error, text.request))])

    def broke(self, windows: list[QueuedWindow], error: BaseException) -> None:
        """Note that the calling thread's engine is broken; its `windows` are queued again, or fail the second time."""
        extra = {"request_ids": list(dict.fromkeys(queued.text.request.id for queued in windows))}
        logger.error("an engine broke: %s: %s", type(error).__name__, error, extra=extra)
        failure = error if isinstance(error, Exception) else RuntimeError(type(error).__name__)
        with self._lock:
            self.working -= 1
            left = [
                queued for queued in windows if queued.text.logits[queued.position] is None and not queued.text.failed
            ]
            guilty = {queued.text for queued in left if queued.text.is_suspect}
            for queued in left:
                queued.text.failed = queued.text in guilty
                queued.text.request.suspects[queued.text.index] = failure if queued.text.failed else None
            self._queue.put(left)
            self._wake()
        for text in guilty:
            self.fail(text, failure)
        self._on_broken(self)


def _labels(prediction: Prediction) -> list[str]:
    if prediction.entities is not None:
        return [entity.label for entity in prediction.entities]
    return [prediction.label] if prediction.label is not None else list(prediction.labels or ())
