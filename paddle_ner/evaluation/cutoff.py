"""Which min score is best on labelled examples; `tasks.min_score` applies it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any

from paddle_ner.evaluation.diagnosis.items import judge
from paddle_ner.tasks.metrics import Scores, ratios
from paddle_ner.types import Example, Prediction

_DIGITS = 17  # digits that distinguish any two floats from 0 to 1


@dataclass(frozen=True, slots=True)
class Choice:
    """A min score, and the micro figures of the entities that reach it, counted as in `tasks.metrics`."""

    min_score: float
    scores: Scores

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"min_score": self.min_score, **asdict(self.scores)}


def choices(gold: Sequence[Example], predicted: Sequence[Prediction]) -> list[Choice]:
    """A choice for each set of entities that a min score can keep, starting at 0, which keeps all."""
    judged = judge(gold, predicted)
    scored = [(score, item in judgement.gold) for judgement in judged for item, score in judgement.predicted.items()]
    return sweep(scored, sum(len(judgement.gold) for judgement in judged))


def sweep(scored: Sequence[tuple[float, bool]], wanted: int) -> list[Choice]:
    """A choice for each set of found items that a min score can keep, starting at 0, which keeps all.

    Each is the shortest decimal about halfway between the scores that it separates.

    Args:
        scored: the score of each found item, and whether it is right.
        wanted: how many there are to find.
    """
    ranked = sorted(scored)
    hits = [0, *accumulate(is_right for _, is_right in reversed(ranked))]
    made = [Choice(0.0, ratios(hits[-1], len(ranked), wanted))]
    for left_out in range(1, len(ranked)):
        below, above = ranked[left_out - 1][0], ranked[left_out][0]
        if below < above:
            kept = len(ranked) - left_out
            made.append(Choice(_between(below, above), ratios(hits[kept], kept, wanted)))
    return made


def best_f1(made: Sequence[Choice]) -> Choice:
    """The choice with the greatest micro F1; of several, the one that leaves out the least."""
    return max(made, key=lambda choice: choice.scores.f1)


def first_with_precision(made: Sequence[Choice], precision: float) -> Choice | None:
    """The choice that leaves out the least with at least this micro precision; None if there is none."""
    return next((choice for choice in made if choice.scores.precision >= precision), None)


def _between(below: float, above: float) -> float:
    """The shortest decimal near the middle between two scores; `above` itself if there is none."""
    rounded = (round((below + above) / 2, digits) for digits in range(1, _DIGITS))
    return next((value for value in rounded if below < value < above), above)
