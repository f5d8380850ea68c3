"""The types that all other modules share: Entity, Example, Prediction.

Offsets are code points of the original text, end-exclusive: ``text[e.start:e.end] == e.text`` holds for every entity
that any part of this project returns.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})  # neither unassigned in Python's Unicode nor private use


def hidden_character(label: str) -> str | None:
    """The first invisible character in the name of a label, such as a control character or a zero-width space."""
    return next(
        (character for character in label if character != " " and unicodedata.category(character) in _HIDDEN), None
    )


@dataclass(frozen=True)
class Entity:
    """A labelled span of a text.

    Attributes:
        start: first code point of the span.
        end: one past its last code point.
        label: the entity type, such as ``PER``.
        text: the span itself, ``text[start:end]`` of the text that it was found in.
        score: the model's probability in [0, 1]; None if no model found it.
        source: ``terms`` if it comes from a list of terms (`paddle_ner.tasks.terms`), None otherwise.
    """

    start: int
    end: int
    label: str
    text: str
    score: float | None = None
    source: str | None = None

    @classmethod
    def of(cls, text: str, start: int, end: int, label: str, score: float | None = None) -> Entity:
        """The entity at ``text[start:end]``. Raises ValueError where the span is empty or leaves the text."""
        if not 0 <= start < end <= len(text):
            raise ValueError(
                f"entity {label} at {start}..{end} is outside the text of {len(text)} characters,"
                " expected 0 <= start < end <= length (end-exclusive)"
            )
        return cls(start, end, label, text[start:end], score)

    @property
    def span(self) -> tuple[int, int, str]:
        """Start, end and label: two entities of a text with the same are one."""
        return self.start, self.end, self.label

    def to_dict(self) -> dict[str, Any]:
        """JSON form: start, end, label, text, and score and source if they are set."""
        record: dict[str, Any] = {"start": self.start, "end": self.end, "label": self.label, "text": self.text}
        if self.score is not None:
            record["score"] = round(self.score, 4)
        if self.source is not None:
            record["source"] = self.source
        return record


@dataclass(frozen=True)
class Example:
    """A labelled (or, without any annotation, unlabelled) text.

    Exactly the annotations that a task needs are set, the others are None: ``entities`` for NER (an empty tuple means
    labelled, without entities), ``label`` for single-label and ``labels`` for multi-label classification.

    Attributes:
        text: the original text, untouched.
        entities: entities in order of their start.
        label: the class.
        labels: the classes, in the order of the file.
        id: the record's own id, if it had one.
        origin: where it was read, as ``path:line``; empty for an example made in memory.
        fields: the record's other fields by name, if only its text was read or the reader was told to keep them.
    """

    text: str
    entities: tuple[Entity, ...] | None = None
    label: str | None = None
    labels: tuple[str, ...] | None = None
    id: str | int | None = None
    origin: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The record of canonical JSON lines."""
        record: dict[str, Any] = {} if self.id is None else {"id": self.id}
        record["text"] = self.text
        if self.entities is not None:
            record["entities"] = [{"start": e.start, "end": e.end, "label": e.label} for e in self.entities]
        if self.label is not None:
            record["label"] = self.label
        if self.labels is not None:
            record["labels"] = list(self.labels)
        return record


@dataclass(frozen=True)
class Prediction:
    """What a model says about a text. The same fields as in `Example` are set, by task.

    Attributes:
        text: the original text.
        entities: NER: entities with scores, in order of their start; only some heads let them overlap.
        label: single-label classification: the most probable class.
        labels: multi-label classification: the classes whose probability reaches the threshold, most probable first.
        scores: classification: probability by class, most probable first.
        id: the id of the example.
    """

    text: str
    entities: tuple[Entity, ...] | None = None
    label: str | None = None
    labels: tuple[str, ...] | None = None
    scores: Mapping[str, float] | None = None
    id: str | int | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON form, with entities as `Entity.to_dict` gives them and scores rounded to four places."""
        record: dict[str, Any] = {} if self.id is None else {"id": self.id}
        record["text"] = self.text
        if self.entities is not None:
            record["entities"] = [e.to_dict() for e in self.entities]
        if self.label is not None:
            record["label"] = self.label
        if self.labels is not None:
            record["labels"] = list(self.labels)
        if self.scores is not None:
            record["scores"] = {name: round(score, 4) for name, score in self.scores.items()}
        return record

    def to_json(self) -> str:
        """A line of JSON that UTF-8 can encode: a text with a lone surrogate is escaped as a whole."""
        record = self.to_dict()
        line = json.dumps(record, ensure_ascii=False)
        try:
            line.encode("utf-8")
        except UnicodeEncodeError:
            return json.dumps(record)
        return line

    def _repr_html_(self) -> str:
        """What a notebook shows of it: the text with its entities marked, or with its classes."""
        from paddle_ner.drawing.fragment import fragment

        classes = self.labels if self.label is None else (self.label,)
        return fragment(self.text, self.entities, classes, self.scores)
