"""The canonical objects: one per line, or all in one array."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from paddle_ner.data.writers.writer import Record, Writer, json_of, write_array


def _write_lines(records: Iterable[Record], stream: IO[str]) -> None:
    for record in records:
        stream.write(json_of(record.to_dict()) + "\n")


def _write_array(records: Iterable[Record], stream: IO[str]) -> None:
    write_array((record.to_dict() for record in records), stream)


WRITER = (
    Writer("jsonl", "canonical JSON lines", (".jsonl", ".ndjson"), _write_lines),
    Writer("json-array", "the same objects in one JSON array", (".json",), _write_array),
)
