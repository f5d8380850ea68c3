"""The min score: the least score of the entities that are returned, for all types or by type.

It leaves entities out of an answer and changes nothing else: what a model finds is decided before.

Devices get a copy of this file, see `paddle_ner.export.edge.runtime`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Union

from paddle_ner.errors import InputError
from paddle_ner.tasks.decoding import Decoding, MultiLabelDecoding, SpanDecoding, TagDecoding
from paddle_ner.types import Prediction

OTHERS = "*"  # stands for all other types

# A score for all types, or scores by type. Other types have the score of OTHERS, 0 without it.
MinScore = Union[float, "Mapping[str, float]"]

_EXPECTED = "a number from 0 to 1"


def parse(text: str) -> dict[str, float]:
    """The scores by type in a text: ``0.5``, ``PER=0.6,LOC=0.4``, or ``0.5,LOC=0.4``, where 0.5 is for the others.

    Raises:
        InputError: a part is not such a score, or a type has two.
    """
    scores: dict[str, float] = {}
    for part in text.split(","):
        label, mark, number = part.rpartition("=")
        label = label.strip() if mark else OTHERS
        try:
            score = float(number)
        except ValueError:
            score = -1.0
        if not label or not _is_score(score):
            raise InputError(f"{part.strip()!r}, expected {_EXPECTED} or TYPE=NUMBER, such as 0.5,LOC=0.4")
        if label in scores:
            what = "two numbers are for all types" if label == OTHERS else f"{label} is there twice"
            raise InputError(f"{text!r}: {what}, expected one")
        scores[label] = score
    return scores


def by_type(value: Any, decoding: Decoding | None = None) -> dict[str, float] | None:
    """A min score as scores by type, or None.

    Args:
        value: a `MinScore` or None.
        decoding: the decoding of the model that it is for; None if that is not known yet.

    Raises:
        InputError: a score is invalid, or the model does not find entities, or not of such a type.
    """
    if value is None:
        return None
    for label, fault in faults(value, decoding):
        raise InputError(f"min_score of {label}: {fault}" if label else f"min_score: {fault}")
    scores = value if isinstance(value, Mapping) else {OTHERS: value}
    return {label: float(score) for label, score in scores.items()}


def faults(value: object, decoding: Decoding | None = None) -> Iterator[tuple[str, str]]:
    """All that is wrong with a value, as pairs of a type, empty for the whole value, and a message.

    Args:
        value: the value that should be a `MinScore`.
        decoding: the decoding of the model that it is for; None if that is not known yet.
    """
    if decoding is not None and not isinstance(decoding, (TagDecoding, SpanDecoding)):
        yield "", _no_entities(decoding)
    elif not isinstance(value, Mapping):
        if not _is_score(value):
            yield "", f"expected {_EXPECTED}, or such numbers by entity type"
    else:
        for label, score in value.items():
            if decoding is not None and label != OTHERS and label not in decoding.labels:
                yield str(label), f"there is no such entity type, expected one of {', '.join(decoding.labels)}"
            elif not _is_score(score):
                yield str(label), f"expected {_EXPECTED}"


def keep(prediction: Prediction, least: Mapping[str, float]) -> Prediction:
    """A prediction without the entities whose score is below that of their type. `least` comes from `by_type`."""
    if not least or not prediction.entities:
        return prediction
    others = least.get(OTHERS, 0.0)
    kept = [
        entity
        for entity in prediction.entities
        if entity.score is None or entity.score >= least.get(entity.label, others)
    ]
    return replace(prediction, entities=tuple(kept))


def _is_score(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1


def _no_entities(decoding: Decoding) -> str:
    if isinstance(decoding, MultiLabelDecoding):
        return f"it is for entities; this model gives the classes that reach its threshold of {decoding.threshold:g}"
    return "it is for entities; this model gives one class, the most probable one"
