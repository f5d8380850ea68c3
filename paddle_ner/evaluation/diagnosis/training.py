"""What a model saw in training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from paddle_ner.evaluation.diagnosis.items import Item, Judged
from paddle_ner.types import Example


@dataclass(frozen=True, slots=True)
class Training:
    """Counts over training data.

    Attributes:
        texts: all of them.
        labels: how often each label occurs.
        surfaces: how often each entity occurs, by its text and label.
        names: the texts of all entities.
    """

    texts: frozenset[str]
    labels: Mapping[str, int]
    surfaces: Mapping[tuple[str, str], int]
    names: frozenset[str]

    @classmethod
    def of(cls, examples: Iterable[Example]) -> Training:
        """The counts of labelled examples."""
        texts: set[str] = set()
        labels: Counter[str] = Counter()
        surfaces: Counter[tuple[str, str]] = Counter()
        for example in examples:
            texts.add(example.text)
            labels.update([example.label] if example.label is not None else example.labels or ())
            for entity in example.entities or ():
                labels[entity.label] += 1
                surfaces[entity.text, entity.label] += 1
        return cls(frozenset(texts), labels, surfaces, frozenset(name for name, _ in surfaces))

    def seen(self, judged: Judged, item: Item) -> str:
        """``seen``, ``other`` (an entity of that text had another label), or ``unseen``; of a class, its text."""
        if judged.answer.entities is None:
            return "seen" if judged.example.text in self.texts else "unseen"
        name = judged.surface(item)
        if (name, item.label) in self.surfaces:
            return "seen"
        return "other" if name in self.names else "unseen"

    def times(self, judged: Judged, item: Item) -> int:
        """How often an entity of that text and label occurs."""
        return self.surfaces.get((judged.surface(item), item.label), 0)
