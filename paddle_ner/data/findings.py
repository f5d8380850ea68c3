"""What a check of data tells: findings, each with the places in the files that show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from paddle_ner.types import Example

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The worst first. An error would break a training, a warning spoils its result, a note is good to know."""
KEPT = 20
"""Places that a finding keeps at most."""
_AROUND = 8
_EXCERPT = 30


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding shows.

    Attributes:
        origin: ``path:line``.
        shown: what stands there, in one line.
    """

    origin: str
    shown: str

    def __str__(self) -> str:
        return f"{self.origin}: {self.shown}"

    def to_dict(self) -> dict[str, Any]:
        """JSON form; the line is None where the origin has none."""
        path, _, line = self.origin.rpartition(":")
        found = (path, int(line)) if line.isdigit() else (self.origin, None)
        return {"path": found[0], "line": found[1], "shown": self.shown}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that deserves a look.

    Attributes:
        check: what was looked for, a name for programs, such as ``leak``.
        severity: how bad it is.
        message: one line for people, with what to do where that is known.
        count: of the records, entities, strings or labels that it is about.
        places: some that show it, the likeliest errors first.
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
    """The findings, the worst first; of equally bad ones the order stays."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def plural(count: int, noun: str, many: str = "") -> str:
    """``1 text``, ``1,200 texts``."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def visible(text: str) -> str:
    """A text in one line, with what cannot be seen in it as escapes."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def excerpt(text: str) -> str:
    """The beginning of a text in quotes."""
    return f"'{visible(text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + '…')}'"


def span_of(example: Example, start: int, end: int, name: str = "", said: str = "") -> Place:
    """The place of ``text[start:end]``, in brackets between what surrounds it.

    Args:
        example: with the text.
        start: of the span.
        end: of the span.
        name: its label, shown behind the bracket.
        said: what is wrong with it, shown at the end.
    """
    text = example.text
    before = ("…" if start > _AROUND else "") + text[max(0, start - _AROUND) : start]
    after = text[end : end + _AROUND] + ("…" if end + _AROUND < len(text) else "")
    label = f"{name} " if name else ""
    shown = f"{visible(before)}[{label}{visible(text[start:end])}]{visible(after)}"
    return Place(example.origin, f"{shown}  {said}" if said else shown)
