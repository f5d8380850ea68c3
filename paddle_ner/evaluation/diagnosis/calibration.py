"""Whether scores say how often a model is right: bins and their expected calibration error (Guo et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paddle_ner.evaluation.diagnosis.items import Judged

BINS = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """The model's answers with scores from `low` to `high`.

    Attributes:
        low: the lower border.
        high: the upper border.
        count: answers in it.
        score: their mean score.
        right: the share of them that is right.
    """

    low: float
    high: float
    count: int
    score: float
    right: float


def given(judged: Sequence[Judged]) -> list[tuple[float, bool]]:
    """The score of each item that a model gives, and whether it is right."""
    return [(score, item in judgement.gold) for judgement in judged for item, score in judgement.predicted.items()]


def bins(scored: Sequence[tuple[float, bool]], number: int = BINS) -> list[Bin]:
    """Bins of equal width, those that are empty left out; a score at a border is in the upper one."""
    parts: list[list[tuple[float, bool]]] = [[] for _ in range(number)]
    for score, right in scored:
        parts[min(int(score * number), number - 1)].append((score, right))
    return [
        Bin(
            place / number,
            (place + 1) / number,
            len(part),
            sum(score for score, _ in part) / len(part),
            sum(right for _, right in part) / len(part),
        )
        for place, part in enumerate(parts)
        if part
    ]


def expected_error(parts: Sequence[Bin]) -> float:
    """The mean distance between score and share of right answers, by answer; 0 if there are none."""
    total = sum(part.count for part in parts)
    return sum(part.count * abs(part.score - part.right) for part in parts) / total if total else 0.0
