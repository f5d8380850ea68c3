"""How every format describes itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.options import ReadOptions, Unit
from paddle_ner.data.records import Draft, Rejected, Remark


class Fit(IntEnum):
    """How sure a format is that a file is of its kind, by the file's beginning."""

    NO = 0
    NEAR = 1
    """Not readable by itself, but the nearest format: named if no format fits."""
    POSSIBLE = 2
    """Nothing speaks against it: it has a usual suffix, or is an object without annotations."""
    LIKELY = 3
    """It has the shape of this format."""
    SURE = 4
    """It has marks that only this format has."""


def never(_: Beginning) -> Fit:
    """The answer of a format that is only read when it is named."""
    return Fit.NO


@dataclass(frozen=True, slots=True)
class Format:
    """A format that can be read; `paddle_ner.data.writers` has the formats that can be written.

    Attributes:
        name: its name on the command line and in YAML.
        summary: one line for people.
        read: streams the records of a file, each with its line; yields a Rejected for a record that cannot be parsed,
            and a Remark on the file as a whole, such as a choice that was made for it.
        recognise: how sure the format is of a file. The surest format reads it; if several are equally sure, none does.
        options: the fields of ReadOptions that it uses besides those that all formats share.
        reads_folders: whether the path may be a folder.
        counts_code_points: whether offsets in it are code points by definition. Of other formats the user is told where
            nothing in a file proves what they count.
        counted: what the tool that writes it counts: the unit of offsets if nothing proves another one.
        is_binary: whether its files are not text, so that they have no encoding.
    """

    name: str
    summary: str
    read: Callable[[Path, ReadOptions], Iterator[Draft | Rejected | Remark]]
    recognise: Callable[[Beginning], Fit] = never
    options: frozenset[str] = frozenset()
    reads_folders: bool = False
    counts_code_points: bool = False
    counted: Unit = "code-points"
    is_binary: bool = False
