"""Columns: a character and its tag per line (BIO or BIOES), a blank line after each text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import IO, Any

from paddle_ner.data.records import OUTSIDE
from paddle_ner.data.writers.writer import Record, Writer

_INSTEAD = "write .jsonl instead"


def _write(records: Iterable[Record], stream: IO[str], *, single: str, last: str) -> None:
    """Tags begin with B and go on with I, but for an entity of one character (`single`) and the last one (`last`)."""
    for record in records:
        tags = _tags(record, single, last)
        for character, tag in zip(record.text, tags, strict=True):
            stream.write(f"{character}\t{tag}\n")
        stream.write("\n")


def _tags(record: Record, single: str, last: str) -> list[str]:
    """The tag of each character. Raises InputError for what columns cannot hold."""
    entities = record.labelled.entities
    if entities is None:
        raise record.refused(f"no entities, expected some or [] to write columns: {_INSTEAD}")
    fault = _text_fault(record.text, record.fields)
    if fault is not None:
        raise record.refused(fault)
    tags = [OUTSIDE] * len(record.text)
    for entity in entities:
        if any(tag != OUTSIDE for tag in tags[entity.start : entity.end]):
            raise record.refused(f"overlapping entities, which columns cannot hold: {_INSTEAD}")
        if any(character.isspace() for character in entity.label):
            raise record.refused(f"space in the label {entity.label!r}, expected none in columns (--label-map)")
        inner = entity.end - entity.start - 2
        prefixes = single if inner < 0 else "B" + "I" * inner + last
        tags[entity.start : entity.end] = [f"{prefix}-{entity.label}" for prefix in prefixes]
    return tags


def _text_fault(text: str, _: Mapping[str, Any]) -> str | None:
    if not text:
        return f"an empty text, of which columns hold nothing: {_INSTEAD}"
    if not text.strip():
        return f"a text of white space, which columns hold as nothing: {_INSTEAD}"
    for character in "\r\n\t":
        if character in text:
            return f"{character!r} in the text, which columns cannot hold: {_INSTEAD}"
    return None


WRITER = (
    Writer(
        "conll",
        "a character and its tag a line (BIO): entities that do not overlap",
        (".conll", ".bio"),
        partial(_write, single="B", last="I"),
        text_fault=_text_fault,
    ),
    Writer(
        "bioes",
        "the same with tags of BIOES",
        (".bioes",),
        partial(_write, single="S", last="E"),
        text_fault=_text_fault,
    ),
)
