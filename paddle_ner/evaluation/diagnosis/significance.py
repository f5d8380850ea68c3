"""Whether one model is better than another on the same examples, or the difference may be chance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paddle_ner.evaluation.diagnosis.intervals import SEED, Interval, f1, interval, resampled
from paddle_ner.evaluation.diagnosis.items import Judged, counts, label_of
from paddle_ner.tasks.metrics import Counts

ROUNDS = 5000
_CHUNK = 100  # rounds in memory at a time


@dataclass(frozen=True, slots=True)
class Difference:
    """The F1, or for one class the accuracy, of a model minus that of another model.

    Attributes:
        label: its label; empty for all together.
        ours: the score of the model, in [0, 1].
        other: the score of the other model.
        interval: the interval of the difference, by the paired bootstrap.
    """

    label: str
    ours: float
    other: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same examples.

    Attributes:
        overall: with all labels together.
        by_label: for each label.
        p: how likely such a difference is if the models are equally good.
        test: the test of p: ``mcnemar`` or ``randomization``.
        only_ours: examples that only the model has completely right.
        only_other: examples that only the other model has right.
    """

    overall: Difference
    by_label: tuple[Difference, ...]
    p: float
    test: str
    only_ours: int
    only_other: int


def compare(ours: Sequence[Judged], other: Sequence[Judged], labels: Iterable[str]) -> Comparison:
    """A model and another one on the same examples in the same order.

    Args:
        ours: answers of the model.
        other: answers of the other model.
        labels: the labels of the model; other labels of the other model are counted too.
    """
    names = list(dict.fromkeys([*labels, *sorted(item.label for judgement in other for item in judgement.predicted)]))
    first, second = (counts(judged, names, label_of) for judged in (ours, other))
    drawn_first, drawn_second = resampled(first), resampled(second)

    def difference(label: str, columns: slice) -> Difference:
        mine, theirs = (float(f1(table[:, columns].sum(axis=(0, 1)))) for table in (first, second))
        spread = f1(drawn_first[:, columns].sum(axis=1)) - f1(drawn_second[:, columns].sum(axis=1))
        return Difference(label, mine, theirs, interval(spread))

    only_ours = sum(first.is_right and not second.is_right for first, second in zip(ours, other, strict=True))
    only_other = sum(second.is_right and not first.is_right for first, second in zip(ours, other, strict=True))
    one_class = all(judgement.answer.label is not None for judgement in ours)
    p = mcnemar(only_ours, only_other) if one_class else randomization(first.sum(axis=1), second.sum(axis=1))
    return Comparison(
        difference("", slice(None)),
        tuple(difference(label, slice(column, column + 1)) for column, label in enumerate(names)),
        p,
        "mcnemar" if one_class else "randomization",
        only_ours,
        only_other,
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided p of McNemar's test: a binomial test of examples that one of two models alone has right."""
    total, least = only_first + only_second, min(only_first, only_second)
    logs = [
        math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1) - total * math.log(2)
        for k in range(least + 1)
    ]
    return min(1.0, 2 * math.fsum(map(math.exp, logs)))


def randomization(first: Counts, second: Counts, rounds: int = ROUNDS, seed: int = SEED) -> float:
    """The p of the difference in F1 by approximate randomization (Yeh 2000): answers are swapped at random.

    Args:
        first: the counts of one model, [examples, 3].
        second: the counts of the other model.
        rounds: how often; p is no less than 1 / (rounds + 1).
        seed: the seed of the swaps.
    """
    observed = abs(float(f1(first.sum(axis=0)) - f1(second.sum(axis=0))))
    step = (second - first).astype(np.float64)
    random = np.random.default_rng(seed)
    as_great = 0
    for start in range(0, rounds, _CHUNK):
        swapped: NDArray[np.int8] = random.integers(2, size=(min(_CHUNK, rounds - start), len(first)), dtype=np.int8)
        moved = swapped @ step
        spread = np.abs(f1(first.sum(axis=0) + moved) - f1(second.sum(axis=0) - moved))
        as_great += int((spread >= observed - 1e-12).sum())
    return (as_great + 1) / (rounds + 1)
