"""How a model shares the cores of a machine: engines side by side, and the threads of each."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from paddle_ner.bundle import Candidate, Card, Manifest

# A layout of other than two engines must be so much faster in process. With two, one computes while the other waits for
# the interpreter between its batches; a single one leaves the cores idle then, and its threads wait for the one whose
# core another thread took. That is lost over HTTP alone: a third for a medium model on two cores. More than two engines
# cost memory, since each prepares all shapes for itself.
_WORTH = 1.1
# Milliseconds of a text alone from which a model is slow: Python's share is small then, and a text that has all cores
# is answered in about half the time.
_SLOW = 20


@dataclass(frozen=True, slots=True)
class Layout:
    """Engines over the same weights, and the CPU threads of each."""

    replicas: int
    threads: int


def usable_cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0))


def layouts(cores: int) -> list[Layout]:
    """All cores in one engine, one core an engine, and the powers of two between that share the cores evenly."""
    found = [Layout(1, cores)]
    replicas = 2
    while replicas < cores:
        if cores % replicas == 0:
            found.append(Layout(replicas, cores // replicas))
        replicas *= 2
    return found if cores == 1 else [*found, Layout(cores, 1)]


def asked_for(
    card: Card | None,
    cores: int,
    replicas: int | None,
    threads: int | None,
    engine: str | None = None,
    precision: str | None = None,
) -> Layout:
    """The layout with what was asked for.

    With None for both: see `chosen`, whose `engine` and `precision` these are. Replicas alone share the cores; threads
    alone are those of one engine.
    """
    if replicas is None and threads is None:
        return chosen(card, cores, engine, precision)
    if threads is None:
        threads = max(1, cores // (replicas or 1))
    return Layout(replicas or 1, threads)


def chosen(card: Card | None, cores: int, engine: str | None = None, precision: str | None = None) -> Layout:
    """The layout that was measured best, as far as `cores` allow; where none was, two engines that share them evenly.

    Args:
        card: of the model.
        cores: that there are.
        engine: what runs it; None, with None for `precision`, is what was best of all.
        precision: of its arithmetic.
    """
    best = _measured(card, engine, precision) if isinstance(card, Manifest) else None
    if best is None:
        return Layout(1, cores) if cores % 2 else Layout(2, cores // 2)
    threads = min(best.threads, cores)
    return Layout(min(best.replicas, cores // threads), threads)


def preferred(candidates: Iterable[Candidate]) -> Candidate:
    """The best layout of one engine at one precision: of those that are about the fastest, two engines side by side.

    Of a slow model it is the one in which a text alone takes the least time.
    """
    found = list(candidates)
    enough = max(one.texts_per_second for one in found) / _WORTH
    fast = [one for one in found if one.texts_per_second >= enough]
    two = next((one for one in fast if one.replicas == 2), None)
    best = two or max(fast, key=lambda one: one.texts_per_second)
    return best if best.milliseconds < _SLOW else min(fast, key=lambda one: one.milliseconds)


def _measured(card: Manifest, engine: str | None, precision: str | None) -> Layout | None:
    tuning = card.tuning
    if tuning is None:
        return None
    if (engine, precision) in ((None, None), (tuning.engine, tuning.precision or card.precision)):
        return Layout(tuning.replicas, tuning.threads)
    same = [one for one in tuning.candidates if (one.engine, one.precision) == (engine, precision)]
    if not same:
        return None
    best = preferred(same)
    return Layout(best.replicas, best.threads)
