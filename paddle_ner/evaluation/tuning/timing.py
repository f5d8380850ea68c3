"""Times a bundle on this machine, by engine, precision and layout (replicas and their threads)."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from paddle_ner.bundle import BundleManifest, Speed, load_tokenizer, verify
from paddle_ner.inference.engines import ENGINES, EngineOptions
from paddle_ner.inference.engines.open import open_engine
from paddle_ner.inference.layout import Layout
from paddle_ner.inference.planning import multiple_for, plan
from paddle_ner.inference.predictor import BATCH_TOKENS, Predictor

_ALONE = 32  # texts that are timed one by one
# Padded tokens in a batch of a busy server with requests of one text: about ten texts. In larger batches a single
# engine on all cores looks better than it will be.
SERVED_TOKENS = 512

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


def open_predictors(
    folder: Path, manifest: BundleManifest, options: EngineOptions, layout: Layout | None = None
) -> list[Predictor]:
    """The replicas of a verified bundle, with the threads of `layout`; a single replica without a layout."""
    replicas = 1
    if layout is not None:
        options, replicas = replace(options, threads=layout.threads), layout.replicas
    engine = open_engine(folder, manifest, options)
    first = Predictor(manifest, load_tokenizer(folder), engine, multiple_for(engine.info.precision))
    return [first, *(first.clone() for _ in range(replicas - 1))]


def measure(
    folder: Path,
    texts: Sequence[str],
    engines: Sequence[EngineOptions],
    layouts: Sequence[Layout],
    *,
    rounds: int = 3,
    engine_only: bool = False,
    advance: Callable[[], None] = lambda: None,
) -> dict[tuple[EngineOptions, Layout], Speed]:
    """Time every engine in every layout on the same texts, and return the medians.

    The layouts of an engine take turns. The engines come one after the other, so that only one is in memory.
    A pass includes tokenization and decoding, and batches are small, as in serving. Each engine is warmed up first.

    Args:
        folder: the bundle.
        texts: real texts, since their lengths decide the shapes.
        engines: engines and precisions to measure; the layouts define their threads.
        layouts: layouts to measure, if an engine can run them.
        rounds: number of timed passes over `texts`.
        engine_only: leave out tokenization and decoding, and fill the batches.
        advance: called after each pass, (rounds + 1) times for every engine and layout.
    """
    manifest = verify(folder)
    budget = BATCH_TOKENS if engine_only else SERVED_TOKENS
    speeds: dict[tuple[EngineOptions, Layout], Speed] = {}
    for options in engines:
        replicas = {layout: open_predictors(folder, manifest, options, layout) for layout in offered(options, layouts)}
        timed = in_turns(replicas, texts, rounds=rounds, engine_only=engine_only, budget=budget, advance=advance)
        del replicas
        speeds |= {(options, layout): speed for layout, speed in timed.items()}
    return speeds


def offered(options: EngineOptions, layouts: Sequence[Layout]) -> list[Layout]:
    """The layouts that an engine can run: a single replica if its clones do not compute side by side."""
    return [layout for layout in layouts if layout.replicas == 1 or ENGINES[options.engine].replicas]


def spread(items: Sequence[T], count: int) -> list[T]:
    """At most `count` of `items`, evenly spread from the first on."""
    size = min(count, len(items))
    return [items[index * len(items) // size] for index in range(size)]


def in_turns(
    candidates: Mapping[K, Sequence[Predictor]],
    texts: Sequence[str],
    *,
    rounds: int = 3,
    engine_only: bool = False,
    budget: int = BATCH_TOKENS,
    advance: Callable[[], None] = lambda: None,
) -> dict[K, Speed]:
    """The same as `measure`, for any predictors and batches of up to `budget` padded tokens.

    A candidate is the replicas of a model.
    """
    # Each engine keeps its thread, as in the server: frameworks keep what they build for each thread.
    threads = {key: [ThreadPoolExecutor(1) for _ in replicas] for key, replicas in candidates.items()}
    encoder = next(iter(candidates.values()))[0]
    encoded = [encoder.encode(text) for text in texts]
    rows = [window for text in encoded for window in text.windows]
    tokens = sum(row.length for row in rows)
    alone = texts[:_ALONE]
    work: list[Callable[[Predictor], object]]
    if engine_only:
        batches = [[rows[index] for index in batch] for batch in plan([row.length for row in rows], budget)]
        work = [partial(Predictor.run, rows=batch) for batch in batches]
    else:
        groups = plan([text.windows[0].length for text in encoded], budget)
        work = [partial(Predictor.__call__, texts=[texts[index] for index in group]) for group in groups]
    seconds: dict[K, list[float]] = {key: [] for key in candidates}
    single: dict[K, list[float]] = {key: [] for key in candidates}
    for turn in range(rounds + 1):
        for key, replicas in candidates.items():
            if turn:
                seconds[key].append(_pass(threads[key], replicas, work))
                single[key] += threads[key][0].submit(_singles, replicas[0], alone).result()
            else:
                _everywhere(threads[key], replicas, partial(_warm_up, work=work, texts=alone))
            advance()
    for executors in threads.values():
        for executor in executors:
            executor.shutdown()
    return {
        key: Speed(
            texts_per_second=len(texts) / statistics.median(seconds[key]),
            tokens_per_second=tokens / statistics.median(seconds[key]),
            milliseconds=1000 * statistics.median(single[key]),
        )
        for key in candidates
    }


def _everywhere(threads: Sequence[Executor], replicas: Sequence[Predictor], run: Callable[[Predictor], object]) -> None:
    """`run` every replica in its thread, all at once, and wait for them."""
    for future in [thread.submit(run, predictor) for thread, predictor in zip(threads, replicas, strict=True)]:
        future.result()


def _warm_up(predictor: Predictor, work: Sequence[Callable[[Predictor], object]], texts: Sequence[str]) -> None:
    """Run everything that is timed in each replica, since each engine prepares shapes for itself."""
    for piece in work:
        piece(predictor)
    _singles(predictor, texts)


def _singles(predictor: Predictor, texts: Sequence[str]) -> list[float]:
    """Seconds for each text, one after the other."""
    seconds = []
    for text in texts:
        started = time.perf_counter()
        predictor(text)
        seconds.append(time.perf_counter() - started)
    return seconds


def _pass(
    threads: Sequence[Executor], replicas: Sequence[Predictor], work: Sequence[Callable[[Predictor], object]]
) -> float:
    """Seconds that the replicas take for all of `work`, each taking the next piece when it is free."""
    waiting = iter(work)
    lock = threading.Lock()

    def take_all(predictor: Predictor) -> None:
        while True:
            with lock:
                piece = next(waiting, None)
            if piece is None:
                return
            piece(predictor)

    started = time.perf_counter()
    _everywhere(threads, replicas, take_all)
    return time.perf_counter() - started
