"""What a check of data reports: findings, each with the places in the files that show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from paddle_ner.types import Example

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The worst first. An error would break a training, a warning makes its result worse, a note is good to know."""
KEPT = 20
"""Places that a finding keeps at most."""
_AROUND = 8
_EXCERPT = 30


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding shows.

    Attributes:
        origin: ``path:line``.
        shown: the content of that place, in one line.
    """

    origin: str
    shown: str

    def __str__(self) -> str:
        return f"{self.origin}: {self.shown}"

    def to_dict(self) -> dict[str, Any]:
        """JSON form; the line is None if the origin has none."""
        path, _, line = self.origin.rpartition(":")
        place = (path, int(line)) if line.isdigit() else (self.origin, None)
        return {"path": place[0], "line": place[1], "shown": self.shown}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at.

    Attributes:
        check: the name of the check for programs, such as ``leak``.
        severity: how bad it is.
        message: one line for people, with what to do if that is known.
        count: how many records, entities, strings or labels it is about.
        places: examples of it, the most likely errors first.
    """

    check: str
    severity: Severity
    message: str
    count: int
    places: tuple[Place, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "check": self.check,
            "severity": self.severity,
            "message": self.message,
            "count": self.count,
            "places": [place.to_dict() for place in self.places],
        }


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, the worst first; equally bad ones stay in their order."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def plural(count: int, noun: str, many: str = "") -> str:
    """``1 text``, ``1,200 texts``."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def visible(text: str) -> str:
    """A text in one line, with invisible characters as escapes."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def excerpt(text: str) -> str:
    """The beginning of a text in quotes."""
    return f"'{visible(text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + '…')}'"


def span_of(example: Example, start: int, end: int, name: str = "", said: str = "") -> Place:
    """The place of ``text[start:end]``, in brackets between what surrounds it.

    Args:
        example: with the text.
        start: the start of the span.
        end: the end of the span.
        name: its label, shown after the bracket.
        said: what is wrong with it, shown at the end.
    """
    text = example.text
    before = ("…" if start > _AROUND else "") + text[max(0, start - _AROUND) : start]
    after = text[end : end + _AROUND] + ("…" if end + _AROUND < len(text) else "")
    label = f"{name} " if name else ""
    shown = f"{visible(before)}[{label}{visible(text[start:end])}]{visible(after)}"
    return Place(example.origin, f"{shown}  {said}" if said else shown)
