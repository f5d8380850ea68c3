"""What is counted, alike for all tasks: an entity is an item at its place, a class an item over the whole text."""

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
        answer: of the model.
        gold: what is right.
        found: what the model gives, with its score; 1 where it has none.
        candidates: those, and with several classes also what the model leaves out for its low score.
    """

    example: Example
    answer: Prediction
    gold: frozenset[Item]
    found: Mapping[Item, float]
    candidates: Mapping[Item, float]

    @property
    def is_right(self) -> bool:
        """Whether everything is found and nothing else."""
        return self.gold == self.found.keys()

    def surface(self, item: Item) -> str:
        """The text of an item."""
        return self.example.text[item.start : item.end]

    @property
    def badness(self) -> float:
        """How wrong it is: the scores of all that is wrong, and what is lacking to 1 in those of what is missed."""
        scores = self.answer.scores or {}
        wrong = sum(score for item, score in self.found.items() if item not in self.gold)
        return wrong + sum(1 - scores.get(item.label, 0.0) for item in self.gold - self.found.keys())


def judge(examples: Sequence[Example], answers: Sequence[Prediction]) -> list[Judged]:
    """Each example beside its answer. Raises ValueError where they differ in number."""
    return [_judged(example, answer) for example, answer in zip(examples, answers, strict=True)]


def _judged(example: Example, answer: Prediction) -> Judged:
    size = len(example.text)
    if answer.entities is not None:
        found: dict[Item, float] = {}
        for entity in answer.entities:
            item = Item(entity.start, entity.end, entity.label)
            found[item] = max(1.0 if entity.score is None else entity.score, found.get(item, 0.0))
        gold = frozenset(Item(entity.start, entity.end, entity.label) for entity in example.entities or ())
        return Judged(example, answer, gold, found, found)
    scores = answer.scores or {}
    given = (answer.label,) if answer.label is not None else answer.labels or ()
    found = {Item(0, size, label): scores.get(label, 1.0) for label in given}
    wanted = (example.label,) if example.label is not None else example.labels or ()
    gold = frozenset(Item(0, size, label) for label in wanted)
    several = {Item(0, size, label): score for label, score in scores.items()} if answer.label is None else {}
    return Judged(example, answer, gold, found, {**several, **found})


def counts(judged: Sequence[Judged], names: Sequence[str], name_of: Callable[[Judged, Item], str]) -> Counts:
    """Counts by example and by what an item is called: its label, or the slice that it falls into.

    Returns:
        int64 [examples, names, 3]: true positives, predicted, gold.
    """
    index = {name: column for column, name in enumerate(names)}
    counted = np.zeros((len(judged), len(names), 3), np.int64)
    for row, judgement in enumerate(judged):
        for column, items in (
            (TRUE_POSITIVES, judgement.gold & judgement.found.keys()),
            (PREDICTED, judgement.found),
            (GOLD, judgement.gold),
        ):
            for item in items:
                counted[row, index[name_of(judgement, item)], column] += 1
    return counted


def label_of(_: Judged, item: Item) -> str:
    """An item's label, for `counts`."""
    return item.label
