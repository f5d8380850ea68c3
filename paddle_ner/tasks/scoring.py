"""How a model is scored: which examples fit the task, what is counted, and the report of the counts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from paddle_ner.tasks import metrics
from paddle_ner.tasks.metrics import Report
from paddle_ner.types import Example, Prediction


@dataclass(frozen=True)
class Scoring(ABC):
    """The metrics of a task.

    Attributes:
        labels: entity types or classes, in the order of the report.
        metric: the name of the figure that ranks models.
    """

    labels: tuple[str, ...]

    metric: ClassVar[str]

    @abstractmethod
    def problem(self, example: Example) -> str | None:
        """Why the task cannot learn from `example` or be scored on it, with what was expected; None if it can."""

    @abstractmethod
    def count(self, gold: Sequence[Example], predicted: Sequence[Prediction]) -> NDArray[np.int64]:
        """Counts that add up over batches and processes; `report` turns their sum into metrics."""

    @abstractmethod
    def report(self, counts: NDArray[np.int64], examples: int) -> Report:
        """Metrics from summed counts."""


class EntityScoring(Scoring):
    """Flat entities; start, end and label must be correct."""

    metric = "f1"
    flat: ClassVar[bool] = True

    def problem(self, example: Example) -> str | None:
        """Entities must be present, of known types, and flat unless they may overlap."""
        if example.entities is None:
            return "the record has no entities, expected labelled spans for task ner"
        end = 0
        for entity in sorted(example.entities, key=lambda e: e.start):
            if entity.label not in self.labels:
                return f"unknown entity type {entity.label!r}, expected one of {', '.join(self.labels)}"
            if self.flat and entity.start < end:
                return (
                    f"entity {entity.text!r} at {entity.start} overlaps the one before it, expected flat entities"
                    " (model.head: span takes others; --overlaps outermost or innermost keeps one of them; in a config"
                    " options: {overlaps: outermost})"
                )
            end = entity.end
        return None

    def count(self, gold: Sequence[Example], predicted: Sequence[Prediction]) -> NDArray[np.int64]:
        """int64 of shape [labels, 3]: true positives, predicted, gold."""
        return metrics.entity_counts(
            [example.entities or () for example in gold], [answer.entities or () for answer in predicted], self.labels
        )

    def report(self, counts: NDArray[np.int64], examples: int) -> Report:
        """Entity-level precision, recall and F1."""
        return metrics.entity_report(counts, self.labels, examples)


class OverlappingScoring(EntityScoring):
    """Entities that may overlap: micro F1 over all of them, inner and outer."""

    flat = False


class ClassScoring(Scoring):
    """One class for each text."""

    metric = "accuracy"

    def problem(self, example: Example) -> str | None:
        """The label must be present and known."""
        if example.label is None:
            return "the record has no label, expected one for task classification"
        return _unknown([example.label], self.labels)

    def count(self, gold: Sequence[Example], predicted: Sequence[Prediction]) -> NDArray[np.int64]:
        """The confusion matrix, int64 of shape [labels, labels], a row for each gold class."""
        return metrics.class_counts(
            [example.label or "" for example in gold], [answer.label or "" for answer in predicted], self.labels
        )

    def report(self, counts: NDArray[np.int64], examples: int) -> Report:
        """Accuracy, and precision, recall and F1 by class."""
        return metrics.class_report(counts, self.labels)


class MultiLabelScoring(Scoring):
    """Any number of classes for each text."""

    metric = "f1"

    def problem(self, example: Example) -> str | None:
        """The labels must be present and known; the list may be empty."""
        if example.labels is None:
            return "the record has no labels, expected a list for task multi-label"
        return _unknown(example.labels, self.labels)

    def count(self, gold: Sequence[Example], predicted: Sequence[Prediction]) -> NDArray[np.int64]:
        """True positives, predicted and gold by class, and exact matches."""
        return metrics.multilabel_counts(
            [example.labels or () for example in gold], [answer.labels or () for answer in predicted], self.labels
        )

    def report(self, counts: NDArray[np.int64], examples: int) -> Report:
        """Micro and macro F1, F1 by class, and the share of texts with exactly the correct classes."""
        return metrics.multilabel_report(counts, self.labels)


def _unknown(names: Sequence[str], known: Sequence[str]) -> str | None:
    unknown = [name for name in names if name not in known]
    return f"unknown label {unknown[0]!r}, expected one of {', '.join(known)}" if unknown else None
