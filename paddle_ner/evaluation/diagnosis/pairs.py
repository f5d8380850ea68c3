"""Entities that are wrong, each beside the one that it was taken for, by the kinds of MUC and SemEval 2013.

The four ways to score them are those of SemEval 2013 task 9.1, as the package nervaluate has them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from paddle_ner.evaluation.diagnosis.items import Item
from paddle_ner.tasks.metrics import Counts

Kind = Literal["right", "type", "borders", "both", "missed", "invented"]
Border = Literal["longer", "shorter", "shifted"]

WRONG: tuple[Kind, ...] = ("missed", "invented", "borders", "type", "both")


@dataclass(frozen=True, slots=True)
class Pair:
    """An annotated and a predicted entity that share at least a character; or one of them alone.

    Attributes:
        kind: ``right``; ``type``: the right span, another type; ``borders``: the right type, another span; ``both``
            are wrong; ``missed``; ``invented``.
        gold: None if it is invented.
        predicted: None if it is missed.
    """

    kind: Kind
    gold: Item | None
    predicted: Item | None

    @property
    def border(self) -> Border | None:
        """How the predicted span differs from the gold one; None if both are the same, or one is alone."""
        if self.gold is None or self.predicted is None or self.gold[:2] == self.predicted[:2]:
            return None
        if self.predicted.start <= self.gold.start and self.gold.end <= self.predicted.end:
            return "longer"
        if self.gold.start <= self.predicted.start and self.predicted.end <= self.gold.end:
            return "shorter"
        return "shifted"


@dataclass(frozen=True, slots=True)
class SchemeScores:
    """Precision, recall and F1 in [0, 1], by one way to count."""

    precision: float
    recall: float
    f1: float


def match(gold: Collection[Item], predicted: Collection[Item]) -> list[Pair]:
    """Each entity once, in the order of the text: equal ones first, then those of one span, then those that overlap.

    Of those that overlap, entities of the same type are paired first, then those that share more characters.
    """
    right = set(gold) & set(predicted)
    pairs = [Pair("right", item, item) for item in right]
    ours, theirs = set(gold) - right, set(predicted) - right
    ranked = sorted(
        (own[:2] != other[:2], own.label != other.label, -_overlap(own, other), own, other)
        for own in ours
        for other in theirs
        if _overlap(own, other) > 0
    )
    for *_, own, other in ranked:
        if own in ours and other in theirs:
            pairs.append(Pair(_kind(own, other), own, other))
            ours.remove(own)
            theirs.remove(other)
    pairs += [Pair("missed", item, None) for item in ours] + [Pair("invented", None, item) for item in theirs]
    return sorted(pairs, key=lambda pair: (pair.gold or pair.predicted or Item(0, 0, ""), pair.kind))


def _overlap(first: Item, other: Item) -> int:
    return min(first.end, other.end) - max(first.start, other.start)


def _kind(gold: Item, predicted: Item) -> Kind:
    if gold[:2] == predicted[:2]:
        return "type"
    return "borders" if gold.label == predicted.label else "both"


def schemes(pairs: Sequence[Pair]) -> dict[str, SchemeScores]:
    """Scores by scheme.

    ``strict``: span and type must be right; ``exact``: the span; ``partial``: the span, half a point where it
    overlaps; ``type``: the type, of spans that overlap.
    """
    kinds = {kind: sum(pair.kind == kind for pair in pairs) for kind in ("right", *WRONG)}
    gold = len(pairs) - kinds["invented"]
    predicted = len(pairs) - kinds["missed"]
    exact = kinds["right"] + kinds["type"]
    points = {
        "strict": float(kinds["right"]),
        "exact": float(exact),
        "partial": exact + 0.5 * (kinds["borders"] + kinds["both"]),
        "type": float(kinds["right"] + kinds["borders"]),
    }
    return {name: _scores(point, predicted, gold) for name, point in points.items()}


def _scores(points: float, predicted: int, gold: int) -> SchemeScores:
    return SchemeScores(
        points / predicted if predicted else 0.0,
        points / gold if gold else 0.0,
        2 * points / (predicted + gold) if predicted + gold else 0.0,
    )


def confusion(pairs: Sequence[Pair], labels: Sequence[str]) -> Counts:
    """What is taken for what, whatever the borders.

    Returns:
        int64 [labels + 1, labels + 1]: rows gold, the last for what is invented; columns found, the last for what is
        missed.
    """
    index = {label: row for row, label in enumerate(labels)}
    table = np.zeros((len(labels) + 1, len(labels) + 1), np.int64)
    for pair in pairs:
        row = len(labels) if pair.gold is None else index[pair.gold.label]
        column = len(labels) if pair.predicted is None else index[pair.predicted.label]
        table[row, column] += 1
    return table
