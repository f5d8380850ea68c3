"""What is written of one text, and what every format that can be written says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from paddle_ner.errors import InputError
from paddle_ner.types import Entity, Example, Prediction


@dataclass(frozen=True, slots=True)
class Record:
    """One text with its labels.

    Attributes:
        labelled: by people (an Example), or by a model (a Prediction).
        origin: where the text was read, for messages.
        fields: what else the record held; it is written as it is.
        model: the name of the model that made a Prediction.
    """

    labelled: Example | Prediction
    origin: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""

    @classmethod
    def of(cls, examples: Iterable[Example]) -> Iterator[Record]:
        """The records of labelled examples."""
        for number, example in enumerate(examples, start=1):
            yield cls(example, example.origin or f"example {number}")

    @property
    def text(self) -> str:
        """The original text."""
        return self.labelled.text

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes, whether one or several were asked for; None if none were."""
        if self.labelled.label is not None:
            return (self.labelled.label,)
        return self.labelled.labels

    @property
    def scores(self) -> Mapping[str, float]:
        """What a model gives each class; empty for what people labelled."""
        return (self.labelled.scores or {}) if isinstance(self.labelled, Prediction) else {}

    def to_dict(self) -> dict[str, Any]:
        """The object of JSON lines: id, text and labels first, then the other fields."""
        record = self.labelled.to_dict()
        return {**record, **{name: value for name, value in self.fields.items() if name not in record}}

    def refused(self, reason: str) -> InputError:
        """The error for what a format cannot hold; `reason` ends with what to do."""
        return InputError(f"{self.origin}: {reason}")


@dataclass(frozen=True, slots=True)
class Writer:
    """A format that can be written.

    Attributes:
        name: what it is called on the command line; that of the format that reads it, if there is one.
        summary: one line for people.
        suffixes: the suffixes of the names that say this format, such as ``.conll``; the first is given to new files.
        put: writes records to a stream. Raises InputError for one that the format cannot hold. None: `to_path` writes.
        suffix: the suffix of new files if names say another format, such as ``.jsonl`` of doccano's.
        same_fields: whether all records must have the same fields, as the rows of a table do.
        text_fault: why a text with its other fields cannot be written, whatever it is labelled with; it ends with what
            to do. None if it can.
        to_path: writes records to a new file or folder, where the format is not one text. Raises as `put` does.
        is_folder: whether that is a folder.
    """

    name: str
    summary: str
    suffixes: tuple[str, ...]
    put: Callable[[Iterable[Record], IO[str]], None] | None = None
    suffix: str = ""
    same_fields: bool = False
    text_fault: Callable[[str, Mapping[str, Any]], str | None] = lambda text, fields: None
    to_path: Callable[[Iterable[Record], Path], None] | None = None
    is_folder: bool = False

    @property
    def new_suffix(self) -> str:
        """What the name of a new file ends in."""
        return self.suffix or (self.suffixes[0] if self.suffixes else "")

    def write(self, records: Iterable[Record], stream: IO[str]) -> int:
        """Write records to a stream and return how many.

        Raises:
            InputError: the format cannot hold a record, or is not one text.
        """
        put = self.put
        if put is None:
            raise InputError(f"format {self.name} is written to a {'folder' if self.is_folder else 'file'}: name one")
        return self._counted(records, lambda counted: put(counted, stream))

    def write_to(self, records: Iterable[Record], path: Path) -> int:
        """Write records by `to_path` and return how many. Raises as it does."""
        to_path = self.to_path
        assert to_path is not None
        return self._counted(records, lambda counted: to_path(counted, path))

    def _counted(self, records: Iterable[Record], put: Callable[[Iterable[Record]], None]) -> int:
        count = 0
        last: Record | None = None

        def counted() -> Iterator[Record]:
            nonlocal count, last
            for count, last in enumerate(records, start=1):  # noqa: B007  # both are read outside
                yield last

        try:
            put(counted())
        except UnicodeEncodeError as error:
            if last is None:
                raise
            character = f"U+{ord(error.object[error.start]):04X}"
            raise last.refused(
                f"{character} in it, which {error.encoding} cannot hold: write .jsonl instead"
            ) from error
        return count


def json_of(value: Any) -> str:
    """One line of JSON, in characters that UTF-8 has: a lone surrogate is escaped with all the rest."""
    line = json.dumps(value, ensure_ascii=False)
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value)
    return line


def write_array(values: Iterable[Any], stream: IO[str]) -> None:
    """One JSON array with a value a line."""
    before = "[\n"
    for value in values:
        stream.write(before + json_of(value))
        before = ",\n"
    stream.write("[]\n" if before == "[\n" else "\n]\n")


def utf16_offsets(text: str, entities: Iterable[Entity]) -> Iterator[tuple[Entity, int, int]]:
    """Each entity with its start and end in UTF-16 units, in which programs in JavaScript count."""
    for entity in entities:
        start = entity.start + _astral(text[: entity.start])
        yield entity, start, start + entity.end - entity.start + _astral(entity.text)


def _astral(text: str) -> int:
    return sum(character > "\uffff" for character in text)
