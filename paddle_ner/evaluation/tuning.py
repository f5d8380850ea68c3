"""Which engine, precision and layout a bundle runs at: the fastest of those that keep the score of the dev set."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from paddle_ner import bundle
from paddle_ner.bundle import BundleManifest, Candidate, EngineName, Tuning
from paddle_ner.environment import is_installed
from paddle_ner.errors import InputError
from paddle_ner.evaluation.benchmark import Way, measure, open_predictors, spread
from paddle_ner.evaluation.score import score
from paddle_ner.inference.engines import ENGINES
from paddle_ner.inference.engines.open import runnable
from paddle_ner.inference.layout import layouts, preferred, served
from paddle_ner.machine import cpu_flags, cpu_name, usable_cores
from paddle_ner.types import Example

MAX_DROP = 0.005  # of F1 or accuracy, which go from 0 to 1
TIMED_TEXTS = 512


def ways(manifest: BundleManifest, flags: frozenset[str], engines: Collection[EngineName]) -> list[Way]:
    """Those that this bundle's graphs and a CPU with `flags` can run; the first is what the others are compared with.

    Args:
        manifest: of the bundle.
        flags: of the CPU.
        engines: names of those that are installed.
    """
    names = ("paddle", *(engine for engine in engines if engine != "paddle"))
    return [Way(engine, one) for engine in names for one in runnable(manifest, engine, flags)]


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was measured, and the candidate that is best."""

    best: Candidate
    tuning: Tuning


def tune(
    folder: Path,
    examples: Sequence[Example],
    max_drop: float = MAX_DROP,
    *,
    keep: bool = True,
    advance: Callable[[float], None] = lambda _: None,
) -> Tuned:
    """Measure the bundle in `folder` on this machine and, to `keep` it, write what is best into its manifest.

    Args:
        folder: the bundle.
        examples: labelled, such as the dev set: all are scored, `TIMED_TEXTS` of them, evenly spread, are timed.
        max_drop: how far below the first way's score another one may be.
        keep: whether the bundle is from now on run as was found best.
        advance: called with the share of the work done, from 0 to 1.

    Raises:
        InputError: there is nothing to score, or an example does not fit the task.
    """
    manifest = bundle.verify(folder)
    if not examples:
        raise InputError(f"{folder}: no examples to measure with; name a labelled file")
    installed = [name for name, engine in ENGINES.items() if is_installed(engine.package.module)]
    asked = ways(manifest, cpu_flags(), installed)
    places = layouts(usable_cores())
    texts = spread([example.text for example in examples], TIMED_TEXTS)
    rounds = 3
    passes = (rounds + 1) * len(asked) * len(places)
    done = 0

    def timed() -> None:
        nonlocal done
        done += 1
        advance(done / passes / 2)

    speeds = measure(folder, texts, asked, places, rounds=rounds, advance=timed)
    scores: dict[Way, float] = {}
    metric = ""
    for number, way in enumerate(asked):
        predictor = open_predictors(folder, manifest, way.precision, places[0], engine=way.engine)[0]
        report, _ = score(predictor, examples)
        scores[way], metric = report.value, report.metric
        advance(0.5 + (number + 1) / len(asked) / 2)
    candidates = [
        Candidate(
            engine=speed.way.engine,
            precision=speed.way.precision,
            replicas=speed.layout.replicas,
            threads=speed.layout.threads,
            texts_per_second=speed.texts_per_second,
            tokens_per_second=speed.tokens_per_second,
            milliseconds=speed.milliseconds,
            score=scores[speed.way],
            drop=scores[asked[0]] - scores[speed.way],
        )
        for speed in speeds
    ]
    best = choose(candidates, max_drop)
    # What a machine without the other engines runs.
    paddle = choose([one for one in candidates if one.engine == "paddle"], max_drop)
    tuning = Tuning(
        cpu=cpu_name(),
        texts=len(texts),
        metric=metric,
        examples=len(examples),
        max_drop=max_drop,
        engine=best.engine,
        precision=best.precision,
        replicas=best.replicas,
        threads=best.threads,
        candidates=candidates,
    )
    if keep:
        bundle.write_manifest(folder, manifest.model_copy(update={"precision": paddle.precision, "tuning": tuning}))
    return Tuned(best, tuning)


def choose(candidates: Sequence[Candidate], max_drop: float) -> Candidate:
    """The fastest way whose score dropped by at most `max_drop`, in the layout that is `preferred` for it.

    A candidate without a score is never chosen before one that has it: at least the first is always allowed.
    """
    kept = allowed(candidates, max_drop)
    ways = {(one.engine, one.precision): None for one in kept}
    best = [preferred(one for one in kept if (one.engine, one.precision) == way) for way in ways]
    return max(best, key=served)


def allowed(candidates: Sequence[Candidate], max_drop: float) -> list[Candidate]:
    """Those whose score dropped by at most `max_drop`; the first where none has a score."""
    return [one for one in candidates if one.drop is not None and one.drop <= max_drop] or list(candidates[:1])
