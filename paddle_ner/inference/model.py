"""A loaded model that any number of threads may call: several engines, each in its own thread."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from queue import SimpleQueue
from typing import Any, TypeVar, overload

from paddle_ner.errors import InputError
from paddle_ner.features.windows import Window
from paddle_ner.inference.engines import checked_count
from paddle_ner.inference.planning import plan
from paddle_ner.inference.predictor import BATCH_TOKENS, Outputs, Predictor, checked
from paddle_ner.tasks.decoding import ClassDecoding, MultiLabelDecoding
from paddle_ner.tasks.min_score import MinScore, by_type
from paddle_ner.types import Prediction

# The least number of padded tokens in a batch when a call distributes its texts over the engines.
_SHARED_TOKENS = 256

T = TypeVar("T")


class Model(Predictor):
    """A model ready to label texts, from any thread; each call gets the same answer as if it were alone.

    Calls at the same time are computed side by side, in as many engines as `load` opened, and so are the batches of a
    call with many texts. It can be pickled; unpickling opens its folder again. A fork of its process cannot use it,
    since a fork does not have the threads of the engines.

    Args:
        predictors: predictors over the same weights, which this model owns from now on.
        reopen: a function that opens the same model in another process, and its arguments.

    Attributes:
        labels: entity types or classes, in the model's order.
        batch_size: texts, or windows of long texts, that go through an engine at once; None decides by their length.
        threshold: the least score of the classes that a multi-label model returns; None for other models.
        min_score: the least score of the entities that are returned, for all types or by type, where
            `paddle_ner.tasks.min_score.OTHERS` stands for all other types; None returns all that the model finds.
    """

    def __init__(
        self, predictors: Sequence[Predictor], reopen: tuple[Callable[..., Predictor], tuple[Any, ...]]
    ) -> None:
        first = predictors[0]
        super().__init__(first.manifest, first._tokenizer, first._engine, first._multiple)
        self.terms = first.terms
        self.labels: tuple[str, ...] = self.decoding.labels
        self.batch_size: int | None = None
        self.threshold: float | None = (
            self.decoding.threshold if isinstance(self.decoding, MultiLabelDecoding) else None
        )
        self.min_score: MinScore | None = None
        self.engines = len(predictors)
        self._reopen = reopen
        self._process = os.getpid()
        self._warming = threading.Lock()
        self._own = threading.local()
        free: SimpleQueue[Predictor] = SimpleQueue()
        for predictor in predictors:
            free.put(predictor)
        # Paddle caches what it prepares for oneDNN by thread: an engine that is called from changing threads would
        # prepare it again and again. The initializer must not hold the model: the threads end when the model is gone.
        self._threads = ThreadPoolExecutor(
            self.engines, thread_name_prefix="paddle-ner-engine", initializer=_take, initargs=(self._own, free)
        )

    @overload
    def __call__(  # type: ignore[overload-overlap]  # a str is a Sequence[str] too
        self,
        texts: str,
        *,
        batch_size: int | None = None,
        threshold: float | None = None,
        min_score: MinScore | None = None,
    ) -> Prediction: ...

    @overload
    def __call__(
        self,
        texts: Sequence[str],
        *,
        batch_size: int | None = None,
        threshold: float | None = None,
        min_score: MinScore | None = None,
    ) -> list[Prediction]: ...

    def __call__(
        self,
        texts: str | Sequence[str],
        *,
        batch_size: int | None = None,
        threshold: float | None = None,
        min_score: MinScore | None = None,
    ) -> Prediction | list[Prediction]:
        """Label one text, or several in order.

        Args:
            texts: the texts to label.
            batch_size: for this call; None takes the model's.
            threshold: for this call; None takes the model's.
            min_score: for this call; None takes the model's.

        Raises:
            InputError: a text is no str, an argument is out of bounds or not for this model's task, or this process is
                a fork of the process that loaded the model.
        """
        if isinstance(texts, str):
            return self([texts], batch_size=batch_size, threshold=threshold, min_score=min_score)[0]
        batch_size = checked_count("batch_size", self.batch_size if batch_size is None else batch_size)
        threshold = self._checked_threshold(self.threshold if threshold is None else threshold)
        least = by_type(self.min_score if min_score is None else min_score, self.decoding)
        encoded = [self.encode(text) for text in checked(texts)]
        outputs = iter(self._run_all([window for text in encoded for window in text.windows], batch_size))
        answers = [self.decode(text, list(islice(outputs, len(text.windows))), least) for text in encoded]
        return answers if threshold is None else [_reaching(answer, threshold) for answer in answers]

    def _checked_threshold(self, threshold: float | None) -> float | None:
        if threshold is None:
            return None
        if isinstance(self.decoding, ClassDecoding):
            raise InputError(
                "threshold: a classification into one class always gives the most probable one; see its scores"
            )
        if not isinstance(self.decoding, MultiLabelDecoding):
            raise InputError("threshold: it is for the classes of a multi-label model; min_score leaves out entities")
        if not (isinstance(threshold, int | float) and 0 <= threshold <= 1):
            raise InputError(f"threshold is {threshold!r}, expected a number from 0 to 1")
        return threshold

    def _run_all(self, rows: Sequence[Window], batch_size: int | None) -> list[Outputs]:
        """The outputs of each window; its batches are computed side by side."""
        share = -(-sum(self.padded_length(row.length) for row in rows) // self.engines)
        batches = plan([row.length for row in rows], min(BATCH_TOKENS, max(share, _SHARED_TOKENS)))
        size = batch_size or len(rows)
        parts = [batch[start : start + size] for batch in batches for start in range(0, len(batch), size)]
        waiting = [self._submit(Predictor.run, [rows[index] for index in part]) for part in parts]
        outputs: list[Outputs] = [{}] * len(rows)
        try:
            for part, future in zip(parts, waiting, strict=True):
                for index, values in zip(part, future.result(), strict=True):
                    outputs[index] = values
        finally:
            for future in waiting:
                future.cancel()  # batches that have not begun, if one failed or on Ctrl-C
        return outputs

    def run(self, rows: Sequence[Window]) -> list[Outputs]:
        """Run a padded batch: the outputs of each window by name, in order, without padding."""
        return self._submit(Predictor.run, rows).result()

    def clone(self) -> Model:
        """The model itself, since any thread may call it."""
        return self

    def warm_up(self) -> None:
        """Run a window of every length in each engine: the first run builds what later ones reuse."""
        all_there = threading.Barrier(self.engines)

        def warm(predictor: Predictor) -> None:
            all_there.wait()  # so that no thread takes the task of another thread
            predictor.warm_up()

        with self._warming:
            for future in [self._submit(warm) for _ in range(self.engines)]:
                future.result()

    def _submit(self, work: Callable[..., T], *arguments: Any) -> Future[T]:
        """Call `work` with the next free predictor and `arguments`, in the thread of its engine."""
        if os.getpid() != self._process:
            raise InputError(
                f"this model was loaded in process {self._process}, and process {os.getpid()} is a fork of it, which"
                " cannot run it: load the model in each process after the fork, without gunicorn's --preload, or start"
                " processes with multiprocessing's method spawn (docs/python.md)"
            )
        return self._threads.submit(_with_own, self._own, work, *arguments)

    def __reduce__(self) -> tuple[Callable[..., Model], tuple[Any, ...]]:
        return _reopened, (*self._reopen, self.version, self.batch_size, self.threshold, self.min_score)


def _reaching(prediction: Prediction, threshold: float) -> Prediction:
    """A prediction with the classes whose probability is at least `threshold`."""
    scores = prediction.scores or {}
    return replace(prediction, labels=tuple(name for name, score in scores.items() if score >= threshold))


def _take(own: threading.local, free: SimpleQueue[Predictor]) -> None:
    """Give a new thread its own predictor."""
    own.predictor = free.get_nowait()


def _with_own(own: threading.local, work: Callable[..., T], *arguments: Any) -> T:
    return work(own.predictor, *arguments)


def _reopened(
    reopen: Callable[..., Model],
    arguments: tuple[Any, ...],
    version: str,
    batch_size: int | None,
    threshold: float | None,
    min_score: MinScore | None,
) -> Model:
    """Open an unpickled model. Raises InputError if its folder holds another version."""
    model = reopen(*arguments)
    if model.version != version:
        raise InputError(f"{arguments[0]}: holds version {model.version}, but version {version} was pickled")
    model.batch_size, model.threshold, model.min_score = batch_size, threshold, min_score
    return model
