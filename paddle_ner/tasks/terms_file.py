"""Terms from a file: a term, a tab and its type a line; between two slashes it is a regular expression."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from paddle_ner.data.encoding import guess
from paddle_ner.data.source import lines
from paddle_ner.errors import DataError, InputError, Problem
from paddle_ner.tasks.decoding import Decoding, SpanDecoding, TagDecoding
from paddle_ner.tasks.terms import Mode, Terms

_HEADERS = ("term\ttype", "term\tlabel")
_COMMENT = "#"
_SAMPLE = "一 a1"  # has each kind of place that an expression may find without a character of its own


def read(path: Path, decoding: Decoding, mode: Mode = "before") -> Terms:
    """The terms of a file in UTF-8 or GB18030, packed with gzip or not, for a model with this decoding.

    Empty lines, those that begin with ``#``, and a first line ``term<TAB>type`` are left out.

    Raises:
        InputError: the file cannot be read or holds no term, or the model gives no entities.
        DataError: a line is wrong; all that are wrong are told.
    """
    if not isinstance(decoding, (TagDecoding, SpanDecoding)):
        raise InputError(f"{path}: terms are for models of entities; this one gives classes")
    return _read(path, decoding.labels, mode, overlapping=decoding.overlapping)


def gazetteer(path: Path) -> Terms:
    """The terms of a file without a model, of whatever types. Raises as `read` does."""
    return _read(path, None, "before", overlapping=False)


def _read(path: Path, labels: Sequence[str] | None, mode: Mode, *, overlapping: bool) -> Terms:
    reading = _Reading(path, labels)
    try:
        problems = list(reading.problems())
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    if problems:
        raise DataError(problems)
    terms = Terms(reading.types, list(reading.patterns.values()), mode, overlapping=overlapping)
    if not len(terms):
        raise InputError(f"{path}: no term in it, expected lines of a term, a tab and its type")
    return terms


class _Reading:
    """What was read so far: terms with their types, and patterns with theirs by how they are written.

    Args:
        path: the file.
        labels: the types that there are; None takes any.
    """

    def __init__(self, path: Path, labels: Sequence[str] | None) -> None:
        self.types: dict[str, str] = {}
        self.patterns: dict[str, tuple[re.Pattern[str], str]] = {}
        self._path = path
        self._any = labels is None
        self._labels = {label: label for label in labels or ()}

    def problems(self) -> Iterator[Problem]:
        """Read the file; what is wrong with it."""
        first = True
        for line in lines(self._path, guess(self._path)):
            if line.fault is None and (not line.text.strip() or line.text.startswith(_COMMENT)):
                continue
            if line.fault is not None or not (first and line.text.strip().lower() in _HEADERS):
                fault = line.fault or self._add(line.text)
                if fault is not None:
                    yield Problem(str(self._path), line.number, fault)
            first = False

    def _add(self, line: str) -> str | None:
        """Take the term of a line; what is wrong with it, if anything is."""
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) != 2:
            return f"{len(cells)} columns, expected a term, a tab and its type"
        term, label = cells
        if not term or not label:
            return f"no {'type' if term else 'term'}, expected a term, a tab and its type"
        if label not in self._labels and not self._any:
            return f"{label!r} is no type of the model, expected one of {', '.join(self._labels)}"
        label = self._labels.setdefault(label, label)  # so that a million terms do not have a million copies of it
        if len(term) > 1 and term[0] == term[-1] == "/":
            return self._add_pattern(term, label)
        known = self.types.setdefault(term, label)
        return None if known == label else f"{term!r} is {known} on an earlier line and {label} here: keep one of them"

    def _add_pattern(self, term: str, label: str) -> str | None:
        try:
            pattern = re.compile(term[1:-1])
        except (re.error, OverflowError, RecursionError) as error:
            return f"{term} is no regular expression of Python: {error}"
        if any(match.start() == match.end() for match in pattern.finditer(_SAMPLE)):
            return f"{term} matches where there is no character, expected a regular expression that needs one"
        known = self.patterns.setdefault(term, (pattern, label))[1]
        return None if known == label else f"{term} is {known} on an earlier line and {label} here: keep one of them"
