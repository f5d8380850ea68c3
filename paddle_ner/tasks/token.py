"""Named entity recognition: one tag a token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.features.schemes import Span, TagScheme
from paddle_ner.features.windows import Encoded, Window, join
from paddle_ner.tasks import metrics
from paddle_ner.tasks.base import IGNORED, Task
from paddle_ner.types import Entity, Example, Prediction

if TYPE_CHECKING:
    from paddle_ner.tasks.metrics import Report


@dataclass(frozen=True)
class TokenClassification(Task):
    """Flat entities, as tags of a scheme.

    Attributes:
        scheme_name: BIO or BIOES.
    """

    scheme_name: str = "BIO"

    name = "ner"
    head = "token"
    metric = "f1"

    @cached_property
    def scheme(self) -> TagScheme:
        """The tags of the label set."""
        return TagScheme(self.scheme_name, self.labels)

    @property
    def num_outputs(self) -> int:
        """One column a tag."""
        return len(self.scheme.tags)

    def spec(self) -> dict[str, Any]:
        """Name, labels and tag scheme."""
        return {"name": self.name, "labels": list(self.labels), "tag_scheme": self.scheme_name}

    def problem(self, example: Example) -> str | None:
        """Entities must be there, of known types, and not overlap."""
        if example.entities is None:
            return "the record has no entities, expected labelled spans for task ner"
        end = 0
        for entity in sorted(example.entities, key=lambda e: e.start):
            if entity.label not in self.labels:
                return f"unknown entity type {entity.label!r}, expected one of {', '.join(self.labels)}"
            if entity.start < end:
                return f"entity {entity.text!r} at {entity.start} overlaps the one before it, expected flat entities"
            end = entity.end
        return None

    def targets(self, example: Example, encoded: Encoded) -> tuple[list[NDArray[Any]], int]:
        """Tags of the owned tokens, IGNORED elsewhere: int64 of shape [length] a window."""
        token_spans, misaligned = _token_spans(example.entities or (), encoded.offsets, self.labels)
        tags = self.scheme.encode(token_spans, len(encoded.offsets))
        rows = []
        for window in encoded.windows:
            row = np.full(window.length, IGNORED, dtype=np.int64)
            row[window.owned_rows] = tags[slice(*window.owned)]
            rows.append(row)
        return rows, misaligned

    def collate(self, targets: Sequence[NDArray[Any]], length: int) -> NDArray[Any]:
        """int64 of shape [batch, length]."""
        batch = np.full((len(targets), length), IGNORED, dtype=np.int64)
        for row, values in zip(batch, targets, strict=True):
            row[: len(values)] = values
        return batch

    def count_targets(self, targets: NDArray[Any]) -> int:
        """Tokens that are not IGNORED."""
        return int((targets != IGNORED).sum())

    def loss_sum(self, logits: Any, targets: Any) -> Any:
        """Cross entropy summed over the tokens that count.

        The sum, not the mean: Paddle's mean divides by the ignored positions too (seen in 3.1.1).
        """
        from paddle.nn.functional import cross_entropy

        return cross_entropy(
            logits.reshape([-1, self.num_outputs]), targets.reshape([-1]), ignore_index=IGNORED, reduction="sum"
        )

    def unlabelled(self, encoded: Encoded) -> list[NDArray[Any]]:
        """IGNORED everywhere."""
        return [np.full(window.length, IGNORED, dtype=np.int64) for window in encoded.windows]

    def answered(self, window: Window) -> slice:
        """The owned tokens."""
        return window.owned_rows

    def collate_answers(
        self, answers: Sequence[NDArray[Any]], places: Sequence[slice], length: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """[batch, length, outputs] and [batch, length]."""
        values = np.zeros((len(answers), length, self.num_outputs), dtype=np.float32)
        counted = np.zeros((len(answers), length), dtype=np.float32)
        for row, (answer, place) in enumerate(zip(answers, places, strict=True)):
            values[row, place] = answer
            counted[row, place] = 1
        return values, counted

    def soft_loss_sum(self, logits: Any, answers: Any, counted: Any, temperature: float) -> Any:
        """Over tags, summed over the tokens that are counted."""
        from paddle_ner.tasks.soft_loss import soft_cross_entropy

        return soft_cross_entropy(logits, answers, counted, temperature)

    def decode(self, encoded: Encoded, outputs: Sequence[Mapping[str, NDArray[np.float32]]]) -> Prediction:
        """The best valid tag sequence over the whole text. A score is the mean probability of the entity's tags."""
        joined = join(encoded.windows, [window["logits"] for window in outputs])
        if len(joined) == 0:
            return Prediction(encoded.text, entities=())
        tags = self.scheme.best(joined)
        chosen = joined[np.arange(len(tags)), tags][:, None]
        probabilities = (1.0 / np.exp(joined - chosen).sum(axis=1)).tolist()
        offsets = encoded.offsets.tolist()
        entities: list[Entity] = []
        for first, last, label in self.scheme.decode(tags.tolist()):
            start, end = offsets[first][0], offsets[last - 1][1]
            score = sum(probabilities[first:last]) / (last - first)
            # Normalization can make two tokens of one character; it belongs to the first entity that takes it.
            if start < end and (not entities or entities[-1].end <= start):
                entities.append(Entity.of(encoded.text, start, end, self.labels[label], score))
        return Prediction(encoded.text, entities=tuple(entities))

    def count(self, gold: Sequence[Example], predicted: Sequence[Prediction]) -> NDArray[np.int64]:
        """int64 of shape [labels, 3]: true positives, predicted, gold."""
        return metrics.entity_counts(
            [example.entities or () for example in gold], [answer.entities or () for answer in predicted], self.labels
        )

    def report(self, counts: NDArray[np.int64], examples: int) -> Report:
        """Entity-level precision, recall and F1."""
        return metrics.entity_report(counts, self.labels, examples)


def _token_spans(
    entities: Sequence[Entity], offsets: NDArray[np.int64], labels: Sequence[str]
) -> tuple[list[Span], int]:
    """Entities as token spans, and how many begin or end inside a token, or on none."""
    found: list[Span] = []
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
        found.append((first, last, labels.index(entity.label)))
        free = last
    return found, misaligned
