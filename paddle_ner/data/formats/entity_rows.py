"""Tables with an entity per row: its text, its offsets and its type; the rows of a text are one record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from paddle_ner.data.delimited import Row
from paddle_ner.data.formats.entity_objects import EntityReader, role_of
from paddle_ner.data.formats.fields import Misfit
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark, Span
from paddle_ner.data.tables.names import ids_among, normal, texts_among
from paddle_ner.errors import Problem

_OFFSETS = ("start", "end", "length")
_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class EntityColumns:
    """Where things are in a row, counted from 0.

    Attributes:
        count: how many cells a row has.
        text: the column of the text.
        id: the column of the text's id; None if there is none.
        parts: the columns of the parts of an entity.
        header: the names of the columns.
    """

    count: int
    text: int
    id: int | None
    parts: tuple[int, ...]
    header: tuple[str, ...]

    @classmethod
    def of(cls, rows: Sequence[Sequence[str]], options: ReadOptions) -> EntityColumns | None:
        """The columns of a table whose header has a text, a type, and a start with an end or a length, each once.

        None for another table, and if most starts and ends are not numbers, such as times.
        """
        names = tuple(cell.strip() for cell in rows[0])
        if options.label_field is not None or options.header is False:
            return None
        texts = texts_among(names) if options.text_field is None else _named(options.text_field, names)
        if len(texts) != 1:
            return None
        parts = {index: role for index, name in enumerate(names) if index not in texts and (role := role_of(name))}
        roles = list(parts.values())
        ends = roles.count("end") + roles.count("length")
        if (roles.count("start"), roles.count("label"), ends) != (1, 1, 1):
            return None
        body = [row for row in rows[1:] if len(row) == len(names)]
        for index in (index for index, role in parts.items() if role in _OFFSETS):
            cells = [_value(names[index], row[index]) for row in body]
            if sum(cell is None or isinstance(cell, int) for cell in cells) < _SHARE * len(cells):
                return None
        ids = ids_among(names) if options.id_field is None else _named(options.id_field, names)
        return cls(len(names), texts[0], ids[0] if ids else None, tuple(parts), names)

    def named_parts(self) -> Iterator[tuple[int, str]]:
        """The columns of the parts of an entity, each with its name."""
        return ((index, self.header[index]) for index in self.parts)

    def remarks(self) -> Iterator[str]:
        """What the user should know about the choice."""
        parts = ", ".join(self.header[index] for index in self.parts)
        yield f"an entity a row ({parts}), put together by {self.header[self.text]}"
        read = {self.text, self.id, *self.parts}
        unread = [name or "(no name)" for index, name in enumerate(self.header) if index not in read]
        if unread:
            yield f"column{'s' * (len(unread) != 1)} not read: {', '.join(unread)}"


@dataclass(slots=True)
class _Text:
    """A text, and its rows as objects, each with its line."""

    line: int
    text: str
    id: str | None
    entities: list[tuple[int, dict[str, Any]]] = field(default_factory=list)


def entity_row_drafts(
    path: Path, rows: Iterable[Row | Rejected], columns: EntityColumns, options: ReadOptions
) -> Iterator[Draft | Rejected | Remark]:
    """The drafts of the texts whose entities are in rows, in the order in which they come first.

    A row without offsets and type adds no entity to its text.

    Args:
        path: the file, for messages.
        rows: after the header; those with too few or too many cells among them as Rejected.
        columns: where things are in a row.
        options: whether only the texts count.
    """
    yield from map(Remark, columns.remarks())
    good: list[Row] = []
    for row in rows:
        if isinstance(row, Rejected):
            yield row
        else:
            good.append(row)
    texts = _texts(good, columns)
    if options.texts_only:
        yield from (Draft(entry.line, entry.text, id=entry.id) for entry in texts)
        return
    reader = EntityReader.of((entry.text, [value for _, value in entry.entities]) for entry in texts)
    yield from map(Remark, filter(None, [reader.remark()]))
    for entry in texts:
        yield _draft(path, entry, reader)


def _texts(rows: Sequence[Row], columns: EntityColumns) -> list[_Text]:
    """The texts of the rows. If every id occurs once, it is the id of a row, unless each row has its own text."""
    number = columns.id
    cells = [row.cells[columns.text] for row in rows]
    if number is not None:
        ids = {row.cells[number].strip() for row in rows}
        if len(ids) == len(rows) > len(set(cells)):
            number = None
    by_key: dict[tuple[str | None, str], _Text] = {}
    for row, text in zip(rows, cells, strict=True):
        name = None if number is None else row.cells[number].strip() or None
        entry = by_key.setdefault((name, text), _Text(row.line, text, name))
        value = {normal(name): _value(name, row.cells[index]) for index, name in columns.named_parts()}
        if any(cell is not None for cell in value.values()):
            entry.entities.append((row.line, value))
    return list(by_key.values())


def _value(name: str, cell: str) -> str | int | None:
    """A cell of an entity: a number if it is an offset, which pandas may write as 3.0."""
    bare = cell.strip()
    if role_of(name) not in _OFFSETS:
        return (cell if role_of(name) == "surface" else bare) if bare else None
    whole = bare.removesuffix(".0")
    return int(whole) if whole.isascii() and whole.isdigit() else bare or None


def _draft(path: Path, entry: _Text, reader: EntityReader) -> Draft | Rejected:
    spans: list[Span] = []
    problems: list[Problem] = []
    for line, value in entry.entities:
        try:
            read = reader.spans([value], "entities", entry.text)
        except Misfit as error:
            problems.append(Problem(str(path), line, str(error)))
        else:
            spans += (replace(span, line=line) for span in read)
    if problems:
        return Rejected(tuple(problems))
    return Draft(entry.line, entry.text, tuple(spans), id=entry.id)


def _named(given: str | int, names: Sequence[str]) -> list[int]:
    if isinstance(given, int):
        return [given - 1] if given <= len(names) else []
    return [index for index, name in enumerate(names) if name == given]
