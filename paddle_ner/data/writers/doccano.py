"""Doccano's JSON lines, as it imports them: ``label`` is [[start, end, name], …] or the names of classes.

Offsets count UTF-16 units, as doccano does unless a project counts grapheme clusters.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

from paddle_ner.data.writers.writer import Record, Writer, json_of, utf16_offsets


def _write(records: Iterable[Record], stream: IO[str]) -> None:
    for record in records:
        stream.write(json_of(_line(record)) + "\n")


def _line(record: Record) -> dict[str, Any]:
    labelled = record.labelled
    line: dict[str, Any] = {} if labelled.id is None else {"id": labelled.id}
    line["text"] = labelled.text
    if labelled.entities is not None:
        line["label"] = [
            [start, end, entity.label] for entity, start, end in utf16_offsets(record.text, labelled.entities)
        ]
    elif record.classes is not None:
        line["label"] = list(record.classes)
    return {**line, **{name: value for name, value in record.fields.items() if name not in line}}


WRITER = Writer("doccano", "JSON lines that doccano imports", (), _write, suffix=".jsonl")
