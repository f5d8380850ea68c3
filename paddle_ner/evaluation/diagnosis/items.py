"""What is counted in all tasks: an entity is an item at its place, a class is an item over the whole text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from paddle_ner.tasks.metrics import GOLD, PREDICTED, TRUE_POSITIVES, Counts
from paddle_ner.types import Example, Prediction


class Item(NamedTuple):
    """An entity, or a class of a text."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled text beside a model's answer.

    Attributes:
        example: as people labelled it.
        answer: the answer of the model.
        gold: what is right.
        predicted: what the model gives, with its score; 1 if it has none.
        candidates: the same, and with several classes also those with a score that is too low.
    """

    example: Example
    answer: Prediction
    gold: frozenset[Item]
    predicted: Mapping[Item, float]
    candidates: Mapping[Item, float]

    @property
    def is_right(self) -> bool:
        """Whether everything is found, and nothing else."""
        return self.gold == self.predicted.keys()

    def surface(self, item: Item) -> str:
        """The text of an item."""
        return self.example.text[item.start : item.end]

    @property
    def badness(self) -> float:
        """How wrong it is: the sum of the scores of wrong items, and of 1 minus the score of each missed one."""
        scores = self.answer.scores or {}
        wrong = sum(score for item, score in self.predicted.items() if item not in self.gold)
        return wrong + sum(1 - scores.get(item.label, 0.0) for item in self.gold - self.predicted.keys())


def judge(examples: Sequence[Example], answers: Sequence[Prediction]) -> list[Judged]:
    """Each example beside its answer. Raises ValueError if they differ in number."""
    return [_judged(example, answer) for example, answer in zip(examples, answers, strict=True)]


def _judged(example: Example, answer: Prediction) -> Judged:
    size = len(example.text)
    if answer.entities is not None:
        predicted: dict[Item, float] = {}
        for entity in answer.entities:
            item = Item(*entity.span)
            predicted[item] = max(1.0 if entity.score is None else entity.score, predicted.get(item, 0.0))
        gold = frozenset(Item(*entity.span) for entity in example.entities or ())
        return Judged(example, answer, gold, predicted, predicted)
    scores = answer.scores or {}
    given = (answer.label,) if answer.label is not None else answer.labels or ()
    predicted = {Item(0, size, label): scores.get(label, 1.0) for label in given}
    wanted = (example.label,) if example.label is not None else example.labels or ()
    gold = frozenset(Item(0, size, label) for label in wanted)
    several = {Item(0, size, label): score for label, score in scores.items()} if answer.label is None else {}
    return Judged(example, answer, gold, predicted, {**several, **predicted})


def counts(judged: Sequence[Judged], names: Sequence[str], name_of: Callable[[Judged, Item], str]) -> Counts:
    """Counts by example and by what an item is called: its label, or the slice that it falls into.

    Returns:
        int64 [examples, names, 3]: true positives, predicted, gold.
    """
    index = {name: column for column, name in enumerate(names)}
    counted = np.zeros((len(judged), len(names), 3), np.int64)
    for row, judgement in enumerate(judged):
        for column, items in (
            (TRUE_POSITIVES, judgement.gold & judgement.predicted.keys()),
            (PREDICTED, judgement.predicted),
            (GOLD, judgement.gold),
        ):
            for item in items:
                counted[row, index[name_of(judgement, item)], column] += 1
    return counted


def label_of(_: Judged, item: Item) -> str:
    """An item's label, for `counts`."""
    return item.label
