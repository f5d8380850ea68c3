"""Texts of the dev set that show what a model can do, which the page of a server offers to click on."""

from __future__ import annotations

from collections.abc import Sequence

from paddle_ner.inference.predictor import CHUNK, Predictor
from paddle_ner.types import Example, Prediction

COUNT = 4
_LOOKED_AT = 500  # dev examples, from the first on
_SHORTEST, _LONGEST = 6, 80  # characters


def chosen(predictor: Predictor, dev: Sequence[Example], count: int = COUNT) -> list[str]:
    """Texts that are answered as people labelled them, which together show all labels if there are enough.

    Args:
        predictor: over the trained model.
        dev: labelled examples that it did not learn from.
        count: how many texts at most.
    """
    looked_at = dev[:_LOOKED_AT]
    texts = [example.text for example in looked_at]
    answers = [answer for at in range(0, len(texts), CHUNK) for answer in predictor(texts[at : at + CHUNK])]
    right = [
        (example.text, labels)
        for example, answer in zip(looked_at, answers, strict=True)
        if _SHORTEST <= len(example.text) <= _LONGEST and (labels := _labels(example)) and _is_right(example, answer)
    ]
    chosen: list[str] = []
    seen: set[str] = set()
    while right and len(chosen) < count:
        best = max(right, key=lambda pair: (len(set(pair[1]) - seen), len(set(pair[1])), len(pair[1]), -len(pair[0])))
        chosen.append(best[0])
        seen |= set(best[1])
        right = [pair for pair in right if pair[0] != best[0]]
        if not any(set(labels) - seen for _, labels in right):
            seen = set()  # all labels were shown: another round
    return chosen


def _labels(example: Example) -> list[str]:
    if example.entities is not None:
        return [entity.label for entity in example.entities]
    return [example.label] if example.label is not None else list(example.labels or ())


def _is_right(example: Example, answer: Prediction) -> bool:
    if example.entities is not None:
        meant = {entity.span for entity in example.entities}
        return meant == {entity.span for entity in answer.entities or ()}
    if example.label is not None:
        return example.label == answer.label
    return set(example.labels or ()) == set(answer.labels or ())
