"""What a task learns: targets of windows, batches of them, and losses on the named outputs of a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.errors import InputError
from paddle_ner.features.schemes import Span
from paddle_ner.features.windows import Encoded, Window
from paddle_ner.tasks.crf import TRANSITIONS
from paddle_ner.tasks.crf_loss import negative_log_likelihood
from paddle_ner.tasks.decoding import Decoding, SpanDecoding, TagDecoding
from paddle_ner.tasks.spans_loss import span_loss
from paddle_ner.types import Entity, Example

NO_TEACHER = "model.head: a model of spans cannot learn from a teacher, only from labels: use `paddle-ner train`"
IGNORED = -100  # the target of a position that does not count in the loss


@dataclass(frozen=True)
class Learning(ABC):
    """How a model learns a task.

    Attributes:
        decoding: of the task, with its labels.
    """

    decoding: Decoding

    @abstractmethod
    def targets(self, example: Example, encoded: Encoded) -> tuple[list[NDArray[Any]], int]:
        """What each window should answer, and how many annotations do not fall on token boundaries.

        An annotation that cuts through a token is learned as the tokens that it touches.
        """

    @abstractmethod
    def unlabelled(self, encoded: Encoded) -> list[NDArray[Any]]:
        """For each window of a text without annotations, a target in which no position counts in the loss."""

    @abstractmethod
    def collate(self, targets: Sequence[NDArray[Any]], length: int) -> NDArray[Any]:
        """The targets of a batch as one array, padded to `length` tokens where they are by token."""

    @abstractmethod
    def count_targets(self, targets: NDArray[Any]) -> int:
        """Positions of a collated batch that count in the loss."""

    def counted(self, targets: Any) -> Any:
        """Ones where a position of collated targets counts in the loss, else zeros (paddle tensors in and out)."""
        return (targets != IGNORED).astype("float32")

    @abstractmethod
    def loss_sum(self, outputs: Mapping[str, Any], targets: Any) -> Any:
        """The loss summed over all positions that count (paddle tensors in and out)."""

    @abstractmethod
    def answered(self, window: Window) -> slice:
        """The positions of a window's logits, as [positions, outputs], that answer for the text."""

    @abstractmethod
    def collate_answers(
        self, answers: Sequence[NDArray[Any]], places: Sequence[slice], length: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Another model's logits as one array of the shape of this model's, and ones where there are any.

        Args:
            answers: [positions, outputs] of each window.
            places: where they belong, as `answered` says.
            length: tokens of the padded batch.

        Returns:
            [batch, length, outputs] and [batch, length], or the same without length.
        """

    @abstractmethod
    def soft_loss_sum(self, outputs: Mapping[str, Any], answers: Any, counted: Any, temperature: float) -> Any:
        """Cross entropy with another model's softened probabilities, summed over the positions that are counted.

        It is multiplied by the square of the temperature, so that its gradient is of the size of `loss_sum`'s whatever
        the temperature (Hinton et al. 2015). `answers` and `counted` are tensors of the shapes of `collate_answers`.
        """


@dataclass(frozen=True)
class TagLearning(Learning):
    """Each token is learned in the window that owns it."""

    decoding: TagDecoding

    def targets(self, example: Example, encoded: Encoded) -> tuple[list[NDArray[Any]], int]:
        """Tags of the owned tokens, IGNORED elsewhere: int64 of shape [length] for each window."""
        token_spans, misaligned = _token_spans(example.entities or (), encoded.offsets, self.decoding.labels)
        tags = self.decoding.scheme.encode(token_spans, len(encoded.offsets))
        targets = self.unlabelled(encoded)
        for target, window in zip(targets, encoded.windows, strict=True):
            target[window.owned_rows] = tags[slice(*window.owned)]
        return targets, misaligned

    def unlabelled(self, encoded: Encoded) -> list[NDArray[Any]]:
        """IGNORED everywhere."""
        return [np.full(window.length, IGNORED, dtype=np.int64) for window in encoded.windows]

    def collate(self, targets: Sequence[NDArray[Any]], length: int) -> NDArray[Any]:
        """int64 of shape [batch, length]."""
        batch = np.full((len(targets), length), IGNORED, dtype=np.int64)
        for row, values in zip(batch, targets, strict=True):
            row[: len(values)] = values
        return batch

    def count_targets(self, targets: NDArray[Any]) -> int:
        """Tokens that are not IGNORED."""
        return int((targets != IGNORED).sum())

    def loss_sum(self, outputs: Mapping[str, Any], targets: Any) -> Any:
        """Cross entropy summed over the tokens that count; where the head gives transitions, that of the tag sequences.

        The sum, not the mean: Paddle's mean divides by the ignored positions too (seen in 3.1.1).
        """
        from paddle.nn.functional import cross_entropy

        if TRANSITIONS in outputs:
            allowed = self.decoding.scheme.transitions
            return negative_log_likelihood(outputs["logits"], outputs[TRANSITIONS], targets, allowed, IGNORED)
        logits = outputs["logits"].reshape([-1, self.decoding.num_outputs])
        return cross_entropy(logits, targets.reshape([-1]), ignore_index=IGNORED, reduction="sum")

    def answered(self, window: Window) -> slice:
        """The owned tokens."""
        return window.owned_rows

    def collate_answers(
        self, answers: Sequence[NDArray[Any]], places: Sequence[slice], length: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """[batch, length, tags] and [batch, length]."""
        values = np.zeros((len(answers), length, self.decoding.num_outputs), dtype=np.float32)
        counted = np.zeros((len(answers), length), dtype=np.float32)
        for row, (answer, place) in enumerate(zip(answers, places, strict=True)):
            values[row, place] = answer
            counted[row, place] = 1
        return values, counted

    def soft_loss_sum(self, outputs: Mapping[str, Any], answers: Any, counted: Any, temperature: float) -> Any:
        """Over tags, summed over the tokens that are counted."""
        return _soft_cross_entropy(outputs["logits"], answers, counted, temperature)


@dataclass(frozen=True)
class SpanLearning(Learning):
    """Each span is learned in the window that owns its first token, where it ends in that window."""

    decoding: SpanDecoding

    def targets(self, example: Example, encoded: Encoded) -> tuple[list[NDArray[Any]], int]:
        """int64 of shape [1 + spans, 3] for each window, see `paddle_ner.tasks.spans_loss.span_loss`."""
        entities, labels = example.entities or (), self.decoding.labels
        token_spans, misaligned = _token_spans(entities, encoded.offsets, labels, flat=False)
        targets = []
        for window in encoded.windows:
            owned, shift = window.owned_rows, 1 - window.start
            inside = {
                (first + shift, last - 1 + shift, label)
                for first, last, label in token_spans
                if window.owned[0] <= first < window.owned[1] and last + shift < window.length
            }
            targets.append(np.array([(owned.start, owned.stop, window.length), *sorted(inside)], dtype=np.int64))
        return targets, misaligned

    def unlabelled(self, encoded: Encoded) -> list[NDArray[Any]]:
        """One row of IGNORED."""
        return [np.full((1, 3), IGNORED, dtype=np.int64) for _ in encoded.windows]

    def collate(self, targets: Sequence[NDArray[Any]], length: int) -> NDArray[Any]:
        """int64 of shape [batch, 1 + most spans, 3]."""
        batch = np.full((len(targets), max(map(len, targets)), 3), IGNORED, dtype=np.int64)
        for row, values in zip(batch, targets, strict=True):
            row[: len(values)] = values
        return batch

    def count_targets(self, targets: NDArray[Any]) -> int:
        """Windows in the batch that are labelled."""
        return int((targets[:, 0, 0] != IGNORED).sum())

    def loss_sum(self, outputs: Mapping[str, Any], targets: Any) -> Any:
        """The multilabel circle loss, averaged over labels and summed over the windows that are labelled."""
        return span_loss(outputs["logits"], targets, len(self.decoding.labels), IGNORED)

    def answered(self, window: Window) -> slice:
        """The owned tokens."""
        return window.owned_rows

    def collate_answers(
        self, answers: Sequence[NDArray[Any]], places: Sequence[slice], length: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Raises InputError: spans have no teacher."""
        raise InputError(NO_TEACHER)

    def soft_loss_sum(self, outputs: Mapping[str, Any], answers: Any, counted: Any, temperature: float) -> Any:
        """Raises InputError: spans have no teacher."""
        raise InputError(NO_TEACHER)


@dataclass(frozen=True)
class _SequenceLearning(Learning):
    """What the two kinds of text classification share: each window of a long text learns the label of the whole."""

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
        """[batch, classes], and ones of [batch]."""
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
        return _soft_cross_entropy(outputs["logits"], answers, counted, temperature)


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


def _soft_cross_entropy(logits: Any, answers: Any, counted: Any, temperature: float) -> Any:
    """Cross entropy between two softened distributions over the last axis, summed where `counted` is one."""
    from paddle.nn.functional import log_softmax, softmax

    losses = -(softmax(answers / temperature) * log_softmax(logits / temperature)).sum(axis=-1)
    return (losses * counted).sum() * temperature**2


def _token_spans(
    entities: Sequence[Entity], offsets: NDArray[np.int64], labels: Sequence[str], *, flat: bool = True
) -> tuple[list[Span], int]:
    """Entities as token spans, and how many begin or end inside a token, or on none.

    Where they are `flat`, no two share a token.
    """
    spans: list[Span] = []
    misaligned = 0
    starts, ends = offsets[:, 0], offsets[:, 1]
    free = 0
    for entity in sorted(entities, key=lambda e: e.start):
        first = max(int(np.searchsorted(ends, entity.start, side="right")), free)
        last = int(np.searchsorted(starts, entity.end, side="left"))
        if first >= last:
            misaligned += 1
            continue
        if starts[first] != entity.start or ends[last - 1] != entity.end:
            misaligned += 1
        spans.append((first, last, labels.index(entity.label)))
        free = last if flat else 0
    return spans, misaligned
