"""Counts of a model's correct answers, and the figures computed from them.

A metric is computed in two steps. Counting turns a batch of gold and predicted annotations into a small integer array;
such arrays add up, over batches and over the processes of a distributed run. A report turns the sum into precision,
recall, F1 and accuracy. Entity figures equal seqeval's in strict mode, classification figures equal scikit-learn's; as
with both, a ratio whose denominator is zero is 0.0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from paddle_ner.errors import InputError
from paddle_ner.types import Entity

Counts = npt.NDArray[np.int64]

TRUE_POSITIVES, PREDICTED, GOLD = range(3)


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision, recall and F1 in [0, 1], over `support` gold items."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one evaluation.

    Attributes:
        metric: the figure that ranks models on this task: micro F1 (entities, multi-label) or accuracy (one label).
        value: that figure, in [0, 1].
        examples: how many examples were evaluated.
        micro: over all labels together.
        macro: the plain mean over labels. Entities and single-label classification: over the labels that occur in gold
            or predictions, as seqeval and scikit-learn take it by default; multi-label: over all labels.
        weighted: the mean over the same labels, weighted by support.
        per_label: by label, in the order of the label space.
        accuracy: share of completely correct examples; None for entities.
        confusion: single-label classification only: examples by gold label (rows) and predicted label (columns), in the
            order of `per_label`.
    """

    metric: Literal["f1", "accuracy"]
    value: float
    examples: int
    micro: Scores
    macro: Scores
    weighted: Scores
    per_label: Mapping[str, Scores]
    accuracy: float | None = None
    confusion: tuple[tuple[int, ...], ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON form, with accuracy and confusion if the task has them."""
        record: dict[str, Any] = {"metric": self.metric, "value": self.value, "examples": self.examples}
        if self.accuracy is not None:
            record["accuracy"] = self.accuracy
        record |= {"micro": asdict(self.micro), "macro": asdict(self.macro), "weighted": asdict(self.weighted)}
        record["per_label"] = {label: asdict(scores) for label, scores in self.per_label.items()}
        if self.confusion is not None:
            record["confusion"] = {"labels": list(self.per_label), "rows": [list(row) for row in self.confusion]}
        return record


def entity_counts(
    gold: Sequence[Collection[Entity]], predicted: Sequence[Collection[Entity]], labels: Sequence[str]
) -> Counts:
    """Count entities; an entity is correct if start, end and label are all equal.

    Args:
        gold: the annotated entities of each example.
        predicted: the entities found in each example, in the same order.
        labels: the label space.

    Returns:
        int64 [labels, 3]: true positives, predicted, gold.

    Raises:
        InputError: an entity has a label outside `labels`.
        ValueError: `gold` and `predicted` differ in length.
    """
    index = _index(labels)
    counts = np.zeros((len(labels), 3), np.int64)
    for wanted, answer in zip(gold, predicted, strict=True):
        expected = {entity.span for entity in wanted}
        guessed = {entity.span for entity in answer}
        for column, spans in ((TRUE_POSITIVES, expected & guessed), (PREDICTED, guessed), (GOLD, expected)):
            for _, _, label in spans:
                counts[_row(index, label), column] += 1
    return counts


def class_counts(gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> Counts:
    """Count examples by gold and predicted class.

    Returns:
        int64 [labels, labels]: the confusion matrix, rows gold, columns predicted.

    Raises:
        InputError: a class outside `labels`.
        ValueError: `gold` and `predicted` differ in length.
    """
    index = _index(labels)
    confusion = np.zeros((len(labels), len(labels)), np.int64)
    for wanted, answer in zip(gold, predicted, strict=True):
        confusion[_row(index, wanted), _row(index, answer)] += 1
    return confusion


def multilabel_counts(
    gold: Sequence[Collection[str]], predicted: Sequence[Collection[str]], labels: Sequence[str]
) -> Counts:
    """Count assigned labels, and examples whose labels are all correct.

    Returns:
        int64 [labels + 1, 3]: true positives, predicted, gold by label; the last row counts whole examples: exact
        matches, examples, examples.

    Raises:
        InputError: a label outside `labels`.
        ValueError: `gold` and `predicted` differ in length.
    """
    index = _index(labels)
    counts = np.zeros((len(labels) + 1, 3), np.int64)
    for wanted, answer in zip(gold, predicted, strict=True):
        expected, guessed = set(wanted), set(answer)
        for column, names in ((TRUE_POSITIVES, expected & guessed), (PREDICTED, guessed), (GOLD, expected)):
            for label in names:
                counts[_row(index, label), column] += 1
        counts[-1] += (expected == guessed, 1, 1)
    return counts


def entity_report(counts: Counts, labels: Sequence[str], examples: int) -> Report:
    """The report of summed `entity_counts`; its metric is micro F1."""
    occurring = counts[:, PREDICTED] + counts[:, GOLD] > 0
    micro, macro, weighted, per_label = _figures(counts, labels, occurring)
    return Report("f1", micro.f1, examples, micro, macro, weighted, per_label)


def class_report(confusion: Counts, labels: Sequence[str]) -> Report:
    """The report of summed `class_counts`; its metric is accuracy."""
    counts = np.stack([confusion.diagonal(), confusion.sum(axis=0), confusion.sum(axis=1)], axis=1)
    occurring = counts[:, PREDICTED] + counts[:, GOLD] > 0
    micro, macro, weighted, per_label = _figures(counts, labels, occurring)
    examples = int(confusion.sum())
    accuracy = _ratio(int(confusion.trace()), examples)
    rows = tuple(tuple(int(n) for n in row) for row in confusion)
    return Report("accuracy", accuracy, examples, micro, macro, weighted, per_label, accuracy, rows)


def multilabel_report(counts: Counts, labels: Sequence[str]) -> Report:
    """The report of summed `multilabel_counts`; its metric is micro F1, its accuracy that of exact matches."""
    by_label, (exact, examples, _) = counts[:-1], (int(n) for n in counts[-1])
    micro, macro, weighted, per_label = _figures(by_label, labels, np.ones(len(labels), bool))
    return Report("f1", micro.f1, examples, micro, macro, weighted, per_label, _ratio(exact, examples))


def _index(labels: Sequence[str]) -> dict[str, int]:
    return {label: row for row, label in enumerate(labels)}


def _row(index: Mapping[str, int], label: str) -> int:
    try:
        return index[label]
    except KeyError:
        known = ", ".join(index)
        raise InputError(
            f"the label {label!r} is not one of the model's labels ({known}): evaluate on data with the same labels"
        ) from None


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def ratios(true_positives: int, predicted: int, gold: int) -> Scores:
    """Precision, recall and F1 of counts."""
    return Scores(
        precision=_ratio(true_positives, predicted),
        recall=_ratio(true_positives, gold),
        f1=_ratio(2 * true_positives, predicted + gold),
        support=gold,
    )


def _mean(scores: Sequence[Scores], weights: Sequence[int]) -> Scores:
    total = sum(weights)

    def mean(values: Sequence[float]) -> float:
        return sum(value * weight for value, weight in zip(values, weights, strict=True)) / total if total else 0.0

    return Scores(
        precision=mean([s.precision for s in scores]),
        recall=mean([s.recall for s in scores]),
        f1=mean([s.f1 for s in scores]),
        support=sum(s.support for s in scores),
    )


def _figures(
    counts: Counts, labels: Sequence[str], averaged: npt.NDArray[np.bool_]
) -> tuple[Scores, Scores, Scores, dict[str, Scores]]:
    """Micro, macro, weighted and per-label scores of counts [labels, 3]; the means are over the rows `averaged`."""
    rows = [ratios(*(int(n) for n in row)) for row in counts]
    kept = [scores for scores, keep in zip(rows, averaged, strict=True) if keep]
    micro = ratios(*(int(n) for n in counts.sum(axis=0)))
    macro = _mean(kept, [1] * len(kept))
    weighted = _mean(kept, [scores.support for scores in kept])
    return micro, macro, weighted, dict(zip(labels, rows, strict=True))
