"""CSV and TSV: a text per row, with its class, or its entities as JSON in a cell, and the scores of a model."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import IO, Any

from paddle_ner.data.writers.writer import Record, Writer, json_of

_PARTED = "a tab or a line end in a cell, which tsv cannot hold: write .csv or .jsonl"


def _write(records: Iterable[Record], stream: IO[str], *, put: Callable[[IO[str], list[str], Record], None]) -> None:
    """A header, then a row per record, whose fields are those of the first."""
    names: list[str] = []
    for record in records:
        row = _row(record)
        if not names:
            names = list(row)
            put(stream, names, record)
        if row.keys() != set(names):
            raise record.refused(f"has {', '.join(row)}, the first has {', '.join(names)}: write .jsonl instead")
        put(stream, [_cell(row[name]) for name in names], record)


def _row(record: Record) -> dict[str, Any]:
    """The cells by the names of their columns."""
    labelled = record.labelled
    row: dict[str, Any] = {"text": labelled.text}
    if labelled.entities is not None:
        row["entities"] = [entity.to_dict() for entity in labelled.entities]
    classes = record.classes
    if classes is not None:
        row["label"] = labelled.label if labelled.label is not None else list(classes)
    if record.scores:
        row["scores"] = {name: round(score, 4) for name, score in record.scores.items()}
    if labelled.id is not None:
        row["id"] = labelled.id
    return {**row, **{name: value for name, value in record.fields.items() if name not in row}}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json_of(value)


def _put_quoted(stream: IO[str], cells: list[str], _: Record) -> None:
    # Python's writer does not quote a cell for a CR alone, after which its reader expects another row.
    if any("\r" in cell for cell in cells):
        csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(cells)
    else:
        csv.writer(stream, lineterminator="\n").writerow(cells)


def _put_literal(stream: IO[str], cells: list[str], record: Record) -> None:
    if any(map(_parts_cells, cells)):
        raise record.refused(_PARTED)
    stream.write("\t".join(cells) + "\n")


def _parts_cells(cell: str) -> bool:
    return any(mark in cell for mark in "\t\r\n")


def _literal_fault(text: str, fields: Mapping[str, Any]) -> str | None:
    return _PARTED if any(map(_parts_cells, (text, *map(_cell, fields.values())))) else None


WRITER = (
    Writer(
        "csv",
        "a text and its class a row, or its entities as JSON in a cell",
        (".csv",),
        partial(_write, put=_put_quoted),
        same_fields=True,
    ),
    Writer(
        "tsv",
        "the same, separated by tabs",
        (".tsv",),
        partial(_write, put=_put_literal),
        same_fields=True,
        text_fault=_literal_fault,
    ),
)
