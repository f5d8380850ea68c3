"""Texts to label on a device, one per line: plain, or as objects with a ``text``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO

from paddle_ner.errors import DataError, Problem
from paddle_ner.types import Example


def read_texts(source: IO[bytes], name: str, format: str | None) -> Iterator[Example]:
    """One example per line, without annotations; an object's id is kept, and an empty line among objects holds none.

    Args:
        source: lines in UTF-8.
        name: the name of the source, for errors.
        format: ``text`` or ``jsonl``; None takes jsonl where the first line is an object.

    Raises:
        DataError: with ``path:line``, at the first line that cannot be read.
    """
    for number, raw in enumerate(source, 1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            problem = f"not UTF-8 at byte {error.start + 1}: convert the file, for example with iconv -t utf-8"
            raise DataError([Problem(name, number, problem)]) from None
        if format is None:
            format = "jsonl" if line.lstrip().startswith("{") else "text"
        if format == "text":
            yield Example(line)
            continue
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise DataError([Problem(name, number, f'not JSON ({error}), expected {{"text": "…"}}')]) from None
        if not isinstance(record, dict) or not isinstance(record.get("text"), str):
            raise DataError([Problem(name, number, 'expected an object with a string "text"')])
        yield Example(record["text"], id=None if record.get("id") is None else str(record["id"]))
