"""How far a score may be off by the choice of the examples: the percentile bootstrap (Efron 1979) over examples."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paddle_ner.tasks.metrics import GOLD, PREDICTED, TRUE_POSITIVES, Counts

DRAWS = 1000
LEVEL = 0.95
SEED = 0
_CHUNK = 50  # draws in memory at a time

Floats = NDArray[np.float64]


class Interval(NamedTuple):
    """The limits of a score at `LEVEL`, both from 0 to 1."""

    low: float
    high: float


def resampled(counts: Counts, draws: int = DRAWS, seed: int = SEED) -> Floats:
    """Sums of `counts` over examples that are drawn with replacement, as many as there are.

    Args:
        counts: [examples, …].
        draws: how often.
        seed: the seed of the draws: the same examples are drawn for all counts of as many examples.

    Returns:
        [draws, …].
    """
    examples = len(counts)
    table = counts.reshape(examples, -1).astype(np.float64)
    random = np.random.default_rng(seed)
    parts: list[Floats] = []
    for start in range(0, draws, _CHUNK):
        weights = np.stack(
            [
                np.bincount(random.integers(examples, size=examples), minlength=examples)
                for _ in range(min(_CHUNK, draws - start))
            ]
        )
        parts.append(weights @ table)
    sums: Floats = np.concatenate(parts).reshape(draws, *counts.shape[1:])
    return sums


def f1(sums: NDArray[np.float64] | Counts) -> Floats:
    """F1 of counts [..., 3]; 0 without gold and predicted items."""
    both = sums[..., PREDICTED] + sums[..., GOLD]
    scores: Floats = np.divide(2.0 * sums[..., TRUE_POSITIVES], both, out=np.zeros(both.shape), where=both > 0)
    return scores


def interval(values: Floats) -> Interval:
    """The middle `LEVEL` of the values, which leaves out as many below as above."""
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(low), float(high))
