"""Statistics of a labelled file: lengths, entities by type, labels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from paddle_ner.types import Example

PERCENTILES = (50, 90, 95, 99)
WINDOWS = (126, 510)
"""Characters that fit in the usual windows of 128 and 512 tokens, without the two special tokens."""


@dataclass(slots=True)
class Statistics:
    """Figures of a stream of examples, in memory that does not grow with their number.

    Attributes:
        examples: how many.
        characters: code points of all texts.
        lengths: how many texts have each length.
        entities: entities by type.
        labels: examples by class; an example with several counts for each.
        annotated: examples with an annotation, which may be that there is no entity.
        with_entities: examples that hold at least one entity.
    """

    examples: int = 0
    characters: int = 0
    lengths: Counter[int] = field(default_factory=Counter)
    entities: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    annotated: int = 0
    with_entities: int = 0

    def add(self, example: Example) -> None:
        """Count one example."""
        self.examples += 1
        self.characters += len(example.text)
        self.lengths[len(example.text)] += 1
        self.annotated += not (example.entities is None and example.label is None and example.labels is None)
        self.with_entities += bool(example.entities)
        for entity in example.entities or ():
            self.entities[entity.label] += 1
        for label in example.labels or (() if example.label is None else (example.label,)):
            self.labels[label] += 1

    def percentile(self, percent: float) -> int:
        """The length that `percent` of the texts do not exceed (nearest rank); 0 if there is no text."""
        rank = percent / 100 * self.examples
        seen = 0
        for length in sorted(self.lengths):
            seen += self.lengths[length]
            if seen >= rank:
                return length
        return 0

    def longer_than(self, characters: int) -> int:
        """How many texts have more characters."""
        return sum(count for length, count in self.lengths.items() if length > characters)

    def to_dict(self) -> dict[str, Any]:
        """JSON form; labels by frequency."""
        return {
            "examples": self.examples,
            "annotated": self.annotated,
            "characters": self.characters,
            "length": {f"p{percent}": self.percentile(percent) for percent in PERCENTILES}
            | {"max": max(self.lengths, default=0)}
            | {f"over_{window}": self.longer_than(window) for window in WINDOWS},
            "with_entities": self.with_entities,
            "entities": dict(self.entities.most_common()),
            "labels": dict(self.labels.most_common()),
        }
