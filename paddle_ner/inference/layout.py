"""How a model shares the cores of a machine: engines side by side, and the threads of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from paddle_ner.bundle import BundleManifest, Candidate, Manifest

# Seconds of Python in a request of one text: to read it, queue it and answer it. An engine with all cores is idle for
# that time; of several side by side, only one is. With this value, `served` puts the layouts of both shapes of
# benchmarks/models.py, of three engines at fp32 and bf16, in the order that they had over HTTP.
_REQUEST_SECONDS = 0.0007
# From this many milliseconds for a single text on, a model is slow: then all cores answer a text in about half the
# time, which is worth serving fewer texts by this factor.
_SLOW, _WORTH = 20, 1.1


@dataclass(frozen=True, slots=True)
class Layout:
    """Engines over the same weights, and the CPU threads of each."""

    replicas: int
    threads: int


def layouts(cores: int) -> list[Layout]:
    """One engine with all cores, an engine for each core, and the powers of two in between that share them evenly."""
    possible = [Layout(1, cores)]
    replicas = 2
    while replicas < cores:
        if cores % replicas == 0:
            possible.append(Layout(replicas, cores // replicas))
        replicas *= 2
    return possible if cores == 1 else [*possible, Layout(cores, 1)]


def asked_for(
    manifest: Manifest | None,
    cores: int,
    replicas: int | None,
    threads: int | None,
    engine: str | None = None,
    precision: str | None = None,
) -> Layout:
    """The layout for the given replicas and threads.

    With None for both: see `chosen`, which gets `engine` and `precision`. Replicas alone share the cores; threads alone
    are those of a single engine.
    """
    if replicas is None and threads is None:
        return chosen(manifest, cores, engine, precision)
    if threads is None:
        threads = max(1, cores // (replicas or 1))
    return Layout(replicas or 1, threads)


def chosen(manifest: Manifest | None, cores: int, engine: str | None = None, precision: str | None = None) -> Layout:
    """The layout that was measured as the best, as far as `cores` allow; otherwise two engines that share them evenly.

    Args:
        manifest: the manifest of the model.
        cores: the number of cores.
        engine: what runs it; None, with None for `precision`, takes the best of all.
        precision: its precision.
    """
    best = _measured(manifest, engine, precision) if isinstance(manifest, BundleManifest) else None
    if best is None:
        return Layout(1, cores) if cores % 2 else Layout(2, cores // 2)
    threads = min(best.threads, cores)
    return Layout(min(best.replicas, cores // threads), threads)


def served(candidate: Candidate) -> float:
    """An estimate of the texts per second in requests of one text; only for comparing layouts on one machine."""
    return 1 / (1 / candidate.texts_per_second + _REQUEST_SECONDS / candidate.replicas)


def preferred(candidates: Iterable[Candidate]) -> Candidate:
    """The best layout of an engine at a precision: the one that serves the most texts.

    For a slow model it is, of those that serve about as many, the one that answers a single text the fastest.
    """
    measured = list(candidates)
    best = max(measured, key=served)
    if best.milliseconds < _SLOW:
        return best
    fast = [candidate for candidate in measured if served(candidate) * _WORTH >= served(best)]
    return min(fast, key=lambda candidate: candidate.milliseconds)


def _measured(manifest: BundleManifest, engine: str | None, precision: str | None) -> Layout | None:
    tuning = manifest.tuning
    if tuning is None:
        return None
    if (engine, precision) in ((None, None), (tuning.engine, tuning.precision or manifest.precision)):
        return Layout(tuning.replicas, tuning.threads)
    same = [
        candidate for candidate in tuning.candidates if (candidate.engine, candidate.precision) == (engine, precision)
    ]
    if not same:
        return None
    best = preferred(same)
    return Layout(best.replicas, best.threads)
