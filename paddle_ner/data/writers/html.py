"""One page to look at: each text with its entities or classes; nothing else is loaded by it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from paddle_ner.data.writers.writer import Record, Writer
from paddle_ner.drawing.texts import pages


def _write(records: Iterable[Record], stream: IO[str]) -> None:
    for part in pages((record.origin, record.labelled) for record in records):
        stream.write(part)


WRITER = Writer("html", "one page to look at, with the entities in colour", (".html", ".htm"), _write)
