"""What every format says of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import IO

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark
from paddle_ner.types import Example


class Fit(IntEnum):
    """How sure a format is that a file is of its kind, by the file's beginning."""

    NO = 0
    NEAR = 1
    """Not readable by itself, but the nearest format: named where no format fits."""
    POSSIBLE = 2
    """Nothing speaks against it, such as a suffix, or an object without annotations."""
    LIKELY = 3
    """It has the shape of this format."""
    SURE = 4
    """It has marks that only this format has."""


def never(_: Beginning) -> Fit:
    """The answer of a format that is only read when it is named."""
    return Fit.NO


@dataclass(frozen=True, slots=True)
class Format:
    """A format that can be read, and perhaps written.

    Attributes:
        name: what it is called on the command line and in YAML.
        summary: one line for people.
        read: streams the records of a file, each with its line; yields a Rejected for a record that cannot be parsed,
            and a Remark on the file as a whole, such as a choice that was made for it.
        recognise: how sure the format is of a file. Of several, the surest reads it; of equals, none does.
        options: the fields of ReadOptions that it uses beside those that all formats share.
        reads_folders: whether the path may be a folder.
        suffixes: of the names that `write` takes without being asked, such as ``.conll``.
        write: writes examples to a stream in UTF-8 and returns how many; None for a format that is only read.
    """

    name: str
    summary: str
    read: Callable[[Path, ReadOptions], Iterator[Draft | Rejected | Remark]]
    recognise: Callable[[Beginning], Fit] = never
    options: frozenset[str] = frozenset()
    reads_folders: bool = False
    suffixes: tuple[str, ...] = ()
    write: Callable[[Iterable[Example], IO[str]], int] | None = None
