"""Delimited lines to rows of cells, with and without quotes. A bad row never affects the rows after it."""

from __future__ import annotations

import csv
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from paddle_ner.data.records import Rejected
from paddle_ner.data.source import Line, lines
from paddle_ner.errors import Problem

# The limit of a cell is meant for unclosed quotes, which are found here in another way; it holds for the process.
csv.field_size_limit(sys.maxsize)
_LONGEST_ROW = 10_000
"""Lines that a row with line ends in its cells may have."""


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row and the line that it begins on."""

    line: int
    cells: list[str]


def literal_rows(path: Path, encoding: str, delimiter: str) -> Iterator[Row | Rejected]:
    """A row per line; quotes are text."""
    for line in lines(path, encoding):
        if line.fault is not None:
            yield Rejected.at(path, line.number, line.fault)
        elif line.text.strip(" "):
            yield Row(line.number, line.text.split(delimiter))


def quoted_rows(path: Path, encoding: str, delimiter: str, *, trusted: bool) -> Iterator[Row | Rejected]:
    """Rows whose cells may be in quotes, with delimiters and line ends in them.

    After a row with bad quoting, reading continues at the line after its first line, so a quote that is never closed
    affects only its own row.

    Args:
        path: the file.
        encoding: the encoding of the file.
        delimiter: between two cells.
        trusted: whether quotes are trusted. Otherwise a row over more than two lines, each of which has as
            many columns as the row, is rejected: its quote was probably never closed.
    """
    ahead: deque[Line] = deque()
    rest = lines(path, encoding)
    while True:
        line = ahead.popleft() if ahead else next(rest, None)
        if line is None:
            return
        if line.fault is not None:
            yield Rejected.at(path, line.number, line.fault)
        elif '"' not in line.text:
            if line.text.strip() or delimiter in line.text:
                yield Row(line.number, line.text.split(delimiter))
        else:
            taken = [line]
            row = _quoted_row(path, taken, chain(_draining(ahead), rest), delimiter, trusted)
            if isinstance(row, Rejected) and not row.fatal:
                ahead.extendleft(reversed(taken[1:]))
            yield row


def _draining(ahead: deque[Line]) -> Iterator[Line]:
    while ahead:
        yield ahead.popleft()


def _quoted_row(path: Path, taken: list[Line], more: Iterator[Line], delimiter: str, trusted: bool) -> Row | Rejected:
    """The row that begins on the first line of `taken`, which receives the lines over which it continues."""
    first = taken[0]

    def texts() -> Iterator[str]:
        yield f"{first.text}{first.end}"
        for line in more:
            taken.append(line)
            if len(taken) > _LONGEST_ROW:
                return
            yield f"{line.text}{line.end}"

    try:
        cells = next(csv.reader(texts(), delimiter=delimiter, strict=True))
    except csv.Error as error:
        if any("\0" in line.text for line in taken):
            # Python's csv reads them since 3.11.
            return Rejected.at(path, first.number, "a NUL character, which no CSV is meant to hold: remove it")
        expected = "expected quotes around the whole cell, those inside doubled (--quotes literal reads them as text)"
        return Rejected.at(path, first.number, f"bad quoting: {error}, {expected}")
    if not trusted and len(taken) > 2 and len(cells) > 1 and _are_rows(taken, delimiter, len(cells)):
        return Rejected.at(
            path,
            first.number,
            f"a quote opens here and closes on line {taken[-1].number}, but each line between is a row of its own:"
            " close it, or say --quotes csv if the cell is meant to hold them, --quotes literal if the quote is text",
        )
    faults = [Problem(str(path), line.number, line.fault) for line in taken if line.fault is not None]
    if faults:
        del taken[1:]
        return Rejected(tuple(faults))
    return Row(first.number, cells)


def _are_rows(taken: Sequence[Line], delimiter: str, count: int) -> bool:
    return all(line.text.count(delimiter) == count - 1 for line in taken)


def shown(delimiter: str) -> str:
    """A delimiter in words."""
    return {"\t": "a tab", ",": "a comma"}.get(delimiter, repr(delimiter))
