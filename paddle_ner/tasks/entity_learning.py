"""How entities are learned: as a tag for each token, or as spans."""

from __future__ import annotations

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
from paddle_ner.tasks.decoding import SpanDecoding, TagDecoding
from paddle_ner.tasks.learning import IGNORED, Learning, soft_cross_entropy
from paddle_ner.tasks.spans_loss import span_loss
from paddle_ner.types import Entity, Example

NO_TEACHER = "model.head: a model of spans cannot learn from a teacher, only from labels: use `paddle-ner train`"


@dataclass(frozen=True)
class TagLearning(Learning):
    """Each token is learned in the window that owns it, as a tag."""

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
        """Cross entropy summed over the counted tokens; with a head that gives transitions, the loss of the CRF.

        The sum, not the mean: Paddle's mean divides by the ignored positions too (3.1.1).
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
        """Arrays of [batch, length, tags] and [batch, length]."""
        values = np.zeros((len(answers), length, self.decoding.num_outputs), dtype=np.float32)
        counted = np.zeros((len(answers), length), dtype=np.float32)
        for row, (answer, place) in enumerate(zip(answers, places, strict=True)):
            values[row, place] = answer
            counted[row, place] = 1
        return values, counted

    def soft_loss_sum(self, outputs: Mapping[str, Any], answers: Any, counted: Any, temperature: float) -> Any:
        """Over tags, summed over the counted tokens."""
        return soft_cross_entropy(outputs["logits"], answers, counted, temperature)


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
        """Labelled windows in the batch."""
        return int((targets[:, 0, 0] != IGNORED).sum())

    def loss_sum(self, outputs: Mapping[str, Any], targets: Any) -> Any:
        """The multilabel circle loss, averaged over labels and summed over the labelled windows."""
        return span_loss(outputs["logits"], targets, len(self.decoding.labels), IGNORED)

    def answered(self, window: Window) -> slice:
        """The owned tokens."""
        return window.owned_rows

    def collate_answers(
        self, answers: Sequence[NDArray[Any]], places: Sequence[slice], length: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Raise InputError: a model of spans has no teacher."""
        raise InputError(NO_TEACHER)

    def soft_loss_sum(self, outputs: Mapping[str, Any], answers: Any, counted: Any, temperature: float) -> Any:
        """Raise InputError: a model of spans has no teacher."""
        raise InputError(NO_TEACHER)


def _token_spans(
    entities: Sequence[Entity], offsets: NDArray[np.int64], labels: Sequence[str], *, flat: bool = True
) -> tuple[list[Span], int]:
    """Entities as token spans, and how many begin or end inside a token, or hold no token.

    With `flat`, no two spans share a token.
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
