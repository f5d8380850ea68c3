"""How the classes of a text are learned: exactly one, or any number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.features.windows import Encoded, Window
from paddle_ner.tasks.learning import IGNORED, Learning, soft_cross_entropy
from paddle_ner.types import Example


@dataclass(frozen=True)
class _SequenceLearning(Learning):
    """Shared by both kinds of text classification: each window of a long text learns the label of the whole text."""

    def collate(self, targets: Sequence[NDArray[Any]], length: int) -> NDArray[Any]:
        """Targets stacked along the batch."""
        return np.stack(targets)

    def count_targets(self, targets: NDArray[Any]) -> int:
        """Windows in the batch that have a label."""
        return int((targets.reshape(len(targets), -1)[:, 0] != IGNORED).sum())

    def answered(self, window: Window) -> slice:
        """The only position."""
        return slice(0, 1)

    def collate_answers(
        self, answers: Sequence[NDArray[Any]], places: Sequence[slice], length: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The logits, [batch, classes], and ones, [batch]."""
        return np.concatenate(answers).astype(np.float32), np.ones(len(answers), dtype=np.float32)


@dataclass(frozen=True)
class ClassLearning(_SequenceLearning):
    """One class for each text."""

    def targets(self, example: Example, encoded: Encoded) -> tuple[list[NDArray[Any]], int]:
        """The class index, int64 without dimensions, for each window."""
        assert example.label is not None
        target = np.array(self.decoding.labels.index(example.label), dtype=np.int64)
        return [target] * len(encoded.windows), 0

    def unlabelled(self, encoded: Encoded) -> list[NDArray[Any]]:
        """IGNORED for each window."""
        return [np.array(IGNORED, dtype=np.int64)] * len(encoded.windows)

    def loss_sum(self, outputs: Mapping[str, Any], targets: Any) -> Any:
        """Cross entropy summed over the windows that have a label."""
        from paddle.nn.functional import cross_entropy

        return cross_entropy(outputs["logits"], targets, ignore_index=IGNORED, reduction="sum")

    def soft_loss_sum(self, outputs: Mapping[str, Any], answers: Any, counted: Any, temperature: float) -> Any:
        """Over classes, summed over windows."""
        return soft_cross_entropy(outputs["logits"], answers, counted, temperature)


@dataclass(frozen=True)
class MultiLabelLearning(_SequenceLearning):
    """Any number of classes for each text."""

    def targets(self, example: Example, encoded: Encoded) -> tuple[list[NDArray[Any]], int]:
        """Ones for the classes of the text, float32 of shape [labels], for each window."""
        target = np.array([name in (example.labels or ()) for name in self.decoding.labels], dtype=np.float32)
        return [target] * len(encoded.windows), 0

    def unlabelled(self, encoded: Encoded) -> list[NDArray[Any]]:
        """IGNORED for each class, for each window."""
        return [np.full(self.decoding.num_outputs, IGNORED, dtype=np.float32)] * len(encoded.windows)

    def counted(self, targets: Any) -> Any:
        """Of shape [batch]."""
        return super().counted(targets[:, 0])

    def loss_sum(self, outputs: Mapping[str, Any], targets: Any) -> Any:
        """Binary cross entropy, averaged over classes and summed over the windows that have labels."""
        from paddle.nn.functional import binary_cross_entropy_with_logits

        labelled = (targets != IGNORED).astype("float32")
        losses = binary_cross_entropy_with_logits(outputs["logits"], targets, labelled, reduction="sum")
        return losses / self.decoding.num_outputs

    def soft_loss_sum(self, outputs: Mapping[str, Any], answers: Any, counted: Any, temperature: float) -> Any:
        """Binary cross entropy with each class's softened probability, averaged over classes, summed over windows."""
        from paddle.nn.functional import binary_cross_entropy_with_logits, sigmoid

        losses = binary_cross_entropy_with_logits(
            outputs["logits"] / temperature, sigmoid(answers / temperature), reduction="none"
        ).mean(axis=-1)
        return (losses * counted).sum() * temperature**2
