"""The formats that can be written, one module each; what people labelled and what a model says are written alike.

A module holds one ``WRITER``, or a tuple of several. Other distributions add theirs through an entry point of the
group ``paddle_ner.writers``.
"""

from __future__ import annotations

from pathlib import Path

from paddle_ner.data.packing import unpacked_name
from paddle_ner.data.writers.writer import Record, Writer
from paddle_ner.errors import InputError
from paddle_ner.registry import Registry

WRITERS: Registry[Writer] = Registry("format to write", __name__, "WRITER", "paddle_ner.writers", Writer)
"""Every format that can be written, by its name."""

CANONICAL = "jsonl"


def writer_of(target: Path | None, name: str | None = None) -> Writer:
    """The writer called `name`, or else the one that the name of `target` says: JSON lines where it says nothing.

    Raises InputError for an unknown name, and for a suffix that no format has.
    """
    if name is not None:
        return WRITERS[name]
    suffix = "" if target is None else Path(unpacked_name(target.name)).suffix
    if not suffix:
        return WRITERS[CANONICAL]
    for writer in WRITERS.values():
        if suffix in writer.suffixes:
            return writer
    known = ", ".join(suffix for writer in WRITERS.values() for suffix in writer.suffixes)
    raise InputError(f"{target}: no format is written to files that end in {suffix}, expected {known}, or --to")


__all__ = ["CANONICAL", "WRITERS", "Record", "Writer", "writer_of"]
