"""Text classification: one class a text, or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.features.windows import Encoded, Window
from paddle_ner.tasks import metrics
from paddle_ner.tasks.base import IGNORED, Task
from paddle_ner.types import Example, Prediction

if TYPE_CHECKING:
    from paddle_ner.tasks.metrics import Report


@dataclass(frozen=True)
class _SequenceTask(Task):
    """What the two kinds of classification share. Each window of a long text learns the label of the whole."""

    head = "sequence"
    metric = "accuracy"

    @property
    def num_outputs(self) -> int:
        """One column a class."""
        return len(self.labels)

    def collate(self, targets: Sequence[NDArray[Any]], length: int) -> NDArray[Any]:
        """Targets stacked along the batch."""
        return np.stack(targets)

    def count_targets(self, targets: NDArray[Any]) -> int:
        """Windows in the batch that have a label."""
        return int((targets.reshape(len(targets), -1)[:, 0] != IGNORED).sum())

    def answered(self, window: Window) -> slice:
        """The one position that there is."""
        return slice(0, 1)

    def collate_answers(
        self, answers: Sequence[NDArray[Any]], places: Sequence[slice], length: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """[batch, outputs] and ones of [batch]."""
        return np.concatenate(answers).astype(np.float32), np.ones(len(answers), dtype=np.float32)

    def _scores(self, encoded: Encoded, probabilities: NDArray[np.float32]) -> tuple[NDArray[np.float32], list[int]]:
        """The mean over windows, weighted by the tokens that each owns; and the classes, most probable first."""
        weights = np.array([max(1, window.owned[1] - window.owned[0]) for window in encoded.windows], dtype=np.float64)
        mean = (probabilities * weights[:, None]).sum(axis=0) / weights.sum()
        return mean, [int(index) for index in np.argsort(-mean, kind="stable")]

    def _check(self, names: Sequence[str]) -> str | None:
        unknown = [name for name in names if name not in self.labels]
        return f"unknown label {unknown[0]!r}, expected one of {', '.join(self.labels)}" if unknown else None


@dataclass(frozen=True)
class SequenceClassification(_SequenceTask):
    """One class a text."""

    name = "classification"

    def spec(self) -> dict[str, Any]:
        """Name and labels."""
        return {"name": self.name, "labels": list(self.labels)}

    def problem(self, example: Example) -> str | None:
        """A known label must be there."""
        if example.label is None:
            return "the record has no label, expected one for task classification"
        return self._check([example.label])

    def targets(self, example: Example, encoded: Encoded) -> tuple[list[NDArray[Any]], int]:
        """The class index, int64 without dimensions, for each window."""
        assert example.label is not None
        target = np.array(self.labels.index(example.label), dtype=np.int64)
        return [target] * len(encoded.windows), 0

    def loss_sum(self, logits: Any, targets: Any) -> Any:
        """Cross entropy summed over the windows that have a label."""
        from paddle.nn.functional import cross_entropy

        return cross_entropy(logits, targets, ignore_index=IGNORED, reduction="sum")

    def unlabelled(self, encoded: Encoded) -> list[NDArray[Any]]:
        """IGNORED for each window."""
        return [np.array(IGNORED, dtype=np.int64)] * len(encoded.windows)

    def soft_loss_sum(self, logits: Any, answers: Any, counted: Any, temperature: float) -> Any:
        """Over classes, summed over windows."""
        from paddle_ner.tasks.soft_loss import soft_cross_entropy

        return soft_cross_entropy(logits, answers, counted, temperature)

    def decode(self, encoded: Encoded, outputs: Sequence[Mapping[str, NDArray[np.float32]]]) -> Prediction:
        """The class with the greatest mean probability."""
        values = np.stack([window["logits"] for window in outputs])
        exponentials = np.exp(values - values.max(axis=1, keepdims=True))
        mean, order = self._scores(encoded, exponentials / exponentials.sum(axis=1, keepdims=True))
        return Prediction(
            encoded.text,
            label=self.labels[order[0]],
            scores={self.labels[index]: float(mean[index]) for index in order},
        )

    def count(self, gold: Sequence[Example], predicted: Sequence[Prediction]) -> NDArray[np.int64]:
        """The confusion matrix, int64 of shape [labels, labels], a row a gold class."""
        return metrics.class_counts(
            [example.label or "" for example in gold], [answer.label or "" for answer in predicted], self.labels
        )

    def report(self, counts: NDArray[np.int64], examples: int) -> Report:
        """Accuracy, and precision, recall and F1 by class."""
        return metrics.class_report(counts, self.labels)


@dataclass(frozen=True)
class MultiLabelClassification(_SequenceTask):
    """Any number of classes a text.

    Attributes:
        threshold: a class is given where its probability is at least this.
    """

    threshold: float = 0.5

    name = "multi-label"
    metric = "f1"

    def spec(self) -> dict[str, Any]:
        """Name, labels and threshold."""
        return {"name": self.name, "labels": list(self.labels), "threshold": self.threshold}

    def problem(self, example: Example) -> str | None:
        """Known labels must be there; an empty list is fine."""
        if example.labels is None:
            return "the record has no labels, expected a list for task multi-label"
        return self._check(example.labels)

    def targets(self, example: Example, encoded: Encoded) -> tuple[list[NDArray[Any]], int]:
        """Ones for the classes of the text, float32 of shape [labels], for each window."""
        target = np.array([name in (example.labels or ()) for name in self.labels], dtype=np.float32)
        return [target] * len(encoded.windows), 0

    def loss_sum(self, logits: Any, targets: Any) -> Any:
        """Binary cross entropy, averaged over classes and summed over the windows that have labels."""
        from paddle.nn.functional import binary_cross_entropy_with_logits

        labelled = (targets != IGNORED).astype("float32")
        return binary_cross_entropy_with_logits(logits, targets, labelled, reduction="sum") / self.num_outputs

    def unlabelled(self, encoded: Encoded) -> list[NDArray[Any]]:
        """IGNORED for each class, for each window."""
        return [np.full(self.num_outputs, IGNORED, dtype=np.float32)] * len(encoded.windows)

    def soft_loss_sum(self, logits: Any, answers: Any, counted: Any, temperature: float) -> Any:
        """Binary cross entropy with each class's softened probability, averaged over classes, summed over windows."""
        from paddle.nn.functional import binary_cross_entropy_with_logits, sigmoid

        losses = binary_cross_entropy_with_logits(
            logits / temperature, sigmoid(answers / temperature), reduction="none"
        ).mean(axis=-1)
        return (losses * counted).sum() * temperature**2

    def decode(self, encoded: Encoded, outputs: Sequence[Mapping[str, NDArray[np.float32]]]) -> Prediction:
        """The classes whose mean probability reaches the threshold."""
        logits = np.stack([window["logits"] for window in outputs])
        mean, order = self._scores(encoded, 1.0 / (1.0 + np.exp(-logits)))
        return Prediction(
            encoded.text,
            labels=tuple(self.labels[index] for index in order if mean[index] >= self.threshold),
            scores={self.labels[index]: float(mean[index]) for index in order},
        )

    def count(self, gold: Sequence[Example], predicted: Sequence[Prediction]) -> NDArray[np.int64]:
        """True positives, predicted and gold by class, and exact matches."""
        return metrics.multilabel_counts(
            [example.labels or () for example in gold], [answer.labels or () for answer in predicted], self.labels
        )

    def report(self, counts: NDArray[np.int64], examples: int) -> Report:
        """Micro and macro F1, F1 by class, and the share of texts with exactly the right classes."""
        return metrics.multilabel_report(counts, self.labels)
