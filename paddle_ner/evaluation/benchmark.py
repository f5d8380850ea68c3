"""How fast a bundle runs on this machine, by precision and by layout: replicas and their threads."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from paddle_ner.bundle import Manifest, Precision, load_tokenizer, verify
from paddle_ner.features.windows import Window
from paddle_ner.inference.engines import EngineOptions
from paddle_ner.inference.engines.open import open_engine
from paddle_ner.inference.layout import Layout
from paddle_ner.inference.planning import plan
from paddle_ner.inference.predictor import BATCH_TOKENS, Predictor

_ALONE = 32  # texts that are timed one by one


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured of one precision and layout; see `paddle_ner.bundle.Candidate`."""

    precision: Precision
    layout: Layout
    texts_per_second: float
    tokens_per_second: float
    milliseconds: float


def open_predictors(folder: Path, manifest: Manifest, precision: Precision, layout: Layout) -> list[Predictor]:
    """The replicas of a verified bundle."""
    options = EngineOptions(precision=precision, threads=layout.threads)
    first = Predictor(manifest, load_tokenizer(folder), open_engine(folder, manifest, options))
    return [first, *(first.clone() for _ in range(layout.replicas - 1))]


def measure(
    folder: Path,
    texts: Sequence[str],
    precisions: Sequence[Precision],
    places: Sequence[Layout],
    *,
    rounds: int = 3,
    advance: Callable[[], None] = lambda: None,
) -> list[Speed]:
    """Time every precision in every layout on the same texts, in turns, and give the medians.

    Tokenization and decoding are left out: they are the same for all. Each is warmed up by a pass of its own first.

    Args:
        folder: the bundle.
        texts: real ones: their lengths decide the shapes.
        precisions: to measure.
        places: layouts to measure.
        rounds: passes over `texts` that are timed.
        advance: called after each pass, (rounds + 1) times for every candidate.
    """
    manifest = verify(folder)
    candidates = {
        (precision, layout): open_predictors(folder, manifest, precision, layout)
        for precision in precisions
        for layout in places
    }
    encoder = next(iter(candidates.values()))[0]
    encoded = [encoder.encode(text) for text in texts]
    rows = [window for one in encoded for window in one.windows]
    tokens = sum(row.length for row in rows)
    batches = [[rows[index] for index in batch] for batch in plan([row.length for row in rows], BATCH_TOKENS)]
    alone = [list(one.windows) for one in encoded[:_ALONE]]
    seconds: dict[tuple[Precision, Layout], list[float]] = {key: [] for key in candidates}
    single: dict[tuple[Precision, Layout], list[float]] = {key: [] for key in candidates}
    for turn in range(rounds + 1):
        for key, replicas in candidates.items():
            whole = _pass(replicas, batches)
            ones = [_seconds(replicas[0], windows) for windows in alone]
            if turn:
                seconds[key].append(whole)
                single[key] += ones
            advance()
    return [
        Speed(
            precision,
            layout,
            len(texts) / statistics.median(seconds[precision, layout]),
            tokens / statistics.median(seconds[precision, layout]),
            1000 * statistics.median(single[precision, layout]),
        )
        for precision, layout in candidates
    ]


def _seconds(predictor: Predictor, windows: Sequence[Window]) -> float:
    started = time.perf_counter()
    predictor.run(windows)
    return time.perf_counter() - started


def _pass(replicas: Sequence[Predictor], batches: Sequence[Sequence[Window]]) -> float:
    """Seconds that the replicas take for all batches, each taking the next one when it is free."""
    waiting = iter(batches)
    lock = threading.Lock()
    failures: list[Exception] = []

    def work(predictor: Predictor) -> None:
        while True:
            with lock:
                batch = next(waiting, None)
            if batch is None:
                return
            try:
                predictor.run(batch)
            except Exception as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=work, args=(predictor,)) for predictor in replicas]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.perf_counter() - started
