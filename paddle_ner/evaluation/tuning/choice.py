"""Chooses a bundle's engine, precision and layout: the fastest of those that keep the score on the dev set."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from paddle_ner import bundle
from paddle_ner.bundle import BundleManifest, Candidate, EngineName, Tuning
from paddle_ner.environment import is_installed
from paddle_ner.errors import InputError
from paddle_ner.evaluation.gate import is_allowed
from paddle_ner.evaluation.score import score
from paddle_ner.evaluation.tuning.timing import measure, offered, open_predictors, spread
from paddle_ner.inference.engines import ENGINES, EngineOptions
from paddle_ner.inference.engines.open import runnable
from paddle_ner.inference.layout import layouts, preferred, served
from paddle_ner.machine import cpu_flags, cpu_name, usable_cores
from paddle_ner.tasks.metrics import Report
from paddle_ner.types import Example

MAX_DROP = 0.005  # in F1 or accuracy, from 0 to 1
TIMED_TEXTS = 512


def engines_of(
    manifest: BundleManifest, flags: frozenset[str], installed: Collection[EngineName]
) -> list[EngineOptions]:
    """The engines and precisions that this bundle's graphs and a CPU with `flags` can run.

    The others are compared with the first.

    Args:
        manifest: the manifest of the bundle.
        flags: the flags of the CPU.
        installed: names of the installed engines.
    """
    names = ("paddle", *(name for name in installed if name != "paddle"))
    return [EngineOptions(name, precision=precision) for name in names for precision in runnable(manifest, name, flags)]


@dataclass(frozen=True, slots=True)
class Tuned:
    """The measurements, and the best candidate."""

    best: Candidate
    tuning: Tuning


def tune(
    folder: Path,
    examples: Sequence[Example],
    max_drop: float = MAX_DROP,
    *,
    keep: bool = True,
    key: bytes | None = None,
    advance: Callable[[float], None] = lambda _: None,
) -> Tuned:
    """Measure the bundle in `folder` on this machine and, with `keep`, write the best candidate into its manifest.

    Args:
        folder: the bundle.
        examples: labelled, such as the dev set: all are scored, `TIMED_TEXTS` of them, evenly spread, are timed.
        max_drop: how far the score of an engine and precision may be below that of the first.
        keep: whether to run the bundle in this way from now on.
        key: to sign the new manifest with.
        advance: called with the share of the work done, from 0 to 1.

    Raises:
        InputError: there is nothing to score, or an example does not fit the task.
    """
    manifest = bundle.verify(folder)
    if not examples:
        raise InputError(f"{folder}: no examples to measure with; name a labelled file")
    installed = [name for name, engine in ENGINES.items() if is_installed(engine.package.module)]
    engines = engines_of(manifest, cpu_flags(), installed)
    places = layouts(usable_cores())
    texts = spread([example.text for example in examples], TIMED_TEXTS)
    rounds = 3
    passes = (rounds + 1) * sum(len(offered(options, places)) for options in engines)
    done = 0

    def timed() -> None:
        nonlocal done
        done += 1
        advance(done / passes / 2)

    speeds = measure(folder, texts, engines, places, rounds=rounds, advance=timed)
    reports: dict[EngineOptions, Report] = {}
    for number, options in enumerate(engines):
        reports[options], _ = score(open_predictors(folder, manifest, options, places[0])[0], examples)
        advance(0.5 + (number + 1) / len(engines) / 2)
    first = reports[engines[0]]
    candidates = [
        Candidate.model_validate(
            {
                **speed.model_dump(),
                "engine": options.engine,
                "precision": options.precision,
                "replicas": layout.replicas,
                "threads": layout.threads,
                "score": reports[options].value,
                "drop": first.value - reports[options].value,
            }
        )
        for (options, layout), speed in speeds.items()
    ]
    best = choose(candidates, max_drop)
    tuning = tuning_of(best, candidates, first, len(texts), max_drop)
    # For machines without the other engines.
    paddle = choose([candidate for candidate in candidates if candidate.engine == "paddle"], max_drop)
    if keep:
        bundle.write_manifest(
            folder, manifest.model_copy(update={"precision": paddle.precision, "tuning": tuning}), key
        )
    return Tuned(best, tuning)


def tuning_of(best: Candidate, candidates: Sequence[Candidate], report: Report, texts: int, max_drop: float) -> Tuning:
    """The choice as manifests hold it.

    Args:
        best: the chosen candidate.
        candidates: all candidates.
        report: the report on the examples that were scored.
        texts: how many texts were timed.
        max_drop: how far below the first candidate a score might be.
    """
    return Tuning(
        cpu=cpu_name(),
        texts=texts,
        metric=report.metric,
        examples=report.examples,
        max_drop=max_drop,
        engine=best.engine,
        precision=best.precision,
        replicas=best.replicas,
        threads=best.threads,
        candidates=list(candidates),
    )


def choose(candidates: Sequence[Candidate], max_drop: float) -> Candidate:
    """The fastest of the `allowed` candidates, each engine and precision in its `preferred` layout."""
    layouts_of: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in allowed(candidates, max_drop):
        layouts_of.setdefault((candidate.engine, candidate.precision), []).append(candidate)
    return max(map(preferred, layouts_of.values()), key=served)


def allowed(candidates: Sequence[Candidate], max_drop: float) -> list[Candidate]:
    """The candidates whose score fell by at most `max_drop`; the first if there are none, as when none was scored."""
    return [candidate for candidate in candidates if is_allowed(candidate.drop, max_drop)] or list(candidates[:1])
