"""What every format module gives: one Reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from paddle_ner.data.options import Format, ReadOptions
from paddle_ner.data.records import Draft, Rejected


@dataclass(frozen=True, slots=True)
class Reader:
    """One format.

    Attributes:
        format: its name.
        summary: one line for people.
        drafts: streams the records of a file; yields a Rejected for one that cannot even be taken apart.
        options: the fields of ReadOptions that it uses beside those that all share.
    """

    format: Format
    summary: str
    drafts: Callable[[Path, ReadOptions], Iterator[Draft | Rejected]]
    options: frozenset[str] = field(default_factory=frozenset)
