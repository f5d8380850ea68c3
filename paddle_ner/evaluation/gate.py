"""How far two engines say the same of the same texts."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from paddle_ner.types import Prediction


def answer(prediction: Prediction) -> Hashable:
    """What a prediction says, its scores aside: those differ a little between any two engines."""
    entities = prediction.entities
    return (
        None if entities is None else tuple((one.start, one.end, one.label) for one in entities),
        prediction.label,
        None if prediction.labels is None else frozenset(prediction.labels),
    )


def agreement(one: Sequence[Prediction], other: Sequence[Prediction]) -> float:
    """The share of texts, from 0 to 1, of which both say the same. Raises ValueError where they differ in number."""
    same = [answer(ours) == answer(theirs) for ours, theirs in zip(one, other, strict=True)]
    return sum(same) / len(same)
