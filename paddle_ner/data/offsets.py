"""What the offsets of a file count, and how they become code points: the same step for every format with offsets.

Tools in JavaScript count UTF-16 units, in which an emoji is two; a browser shows a text with CRLF line ends as if they
were LF, and so counts each as one; doccano counts grapheme clusters if a project says so. Texts without such
characters read the same in any of these units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from paddle_ner.data.graphemes import grapheme_places, may_join
from paddle_ner.data.options import Unit
from paddle_ner.data.records import Draft, Rejected, Span, same_surface
from paddle_ner.errors import Problem

PROVABLE: tuple[Unit, ...] = ("code-points", "utf-16", "code-points-lf", "utf-16-lf", "graphemes")
"""The units that are tried if none is named. Bytes are not: every Chinese text would need a proof."""
_NAMES: dict[Unit, str] = {
    "code-points": "code points",
    "utf-16": "UTF-16 units",
    "code-points-lf": "code points, CRLF as one",
    "utf-16-lf": "UTF-16 units, CRLF as one",
    "graphemes": "grapheme clusters",
    "utf-8": "UTF-8 bytes",
}
_TOOLS: dict[Unit, str] = {
    "code-points": "code-points where a program in Python counted",
    "utf-16": "utf-16 where the tool is JavaScript, as doccano and Label Studio are",
    "code-points-lf": "code-points-lf where the tool counts a CRLF as one, as browsers do",
    "graphemes": "graphemes where doccano is told to count those",
}
"""The value of the option, with the tools that count this way."""
Range = tuple[int, int]


class OffsetReader:
    """Turns the offsets of a file's drafts into code points.

    Args:
        path: the file, for messages.
        unit: what the offsets count. None: `usual`, unless the file proves another unit, in which every entity of it
            is in its text and has the surface that the record states.
        drafts: reads the file again from its beginning, for that proof.
        is_defined: whether the format itself says that offsets are code points, so that no remark is made.
        usual: what the tool that writes the format counts.
    """

    def __init__(
        self,
        path: Path,
        unit: Unit | None,
        drafts: Callable[[], Iterable[Draft]],
        is_defined: bool = False,
        usual: Unit = "code-points",
    ) -> None:
        self._path = path
        self._unit = unit
        self._drafts = drafts
        self._is_defined = is_defined
        self._usual = usual
        self._remark: str | None = None

    def __call__(self, draft: Draft) -> Draft | Rejected:
        """The draft with offsets in code points; what is wrong if one is inside a character or outside the text."""
        if not draft.spans or draft.by_tokens or (self._unit != "utf-8" and _reads_alike(draft.text)):
            return draft
        if self._unit is None:
            if not _differ(draft):
                return draft
            self._unit = self._proved()
        return draft if self._unit == "code-points" else self._in_code_points(draft, draft.spans, self._unit)

    def remarks(self) -> Iterator[str]:
        """What the user should know about the chosen unit."""
        if self._remark is not None:
            yield self._remark

    def _in_code_points(self, draft: Draft, spans: Sequence[Span], unit: Unit) -> Draft | Rejected:
        places = _places(draft.text, unit)
        path = str(draft.spans_path or draft.path or self._path)
        converted: list[Span] = []
        problems: list[Problem] = []
        for span in spans:
            start, end = places.get(span.start), places.get(span.end)
            if start is None or end is None:
                message = (
                    f"entity {span.label} at {span.start}..{span.end}, counted in {_NAMES[unit]}: expected offsets"
                    f" between characters, from 0 to {max(places)}"
                )
                problems.append(Problem(path, span.line or draft.line, message))
            else:
                converted.append(replace(span, start=start, end=end))
        return Rejected(tuple(problems)) if problems else replace(draft, spans=tuple(converted))

    def _proved(self) -> Unit:
        """The unit in which all entities of the file fit; if none or several do, the usual one if it is possible.

        If bad entities leave no unit, the one in which most texts fit.
        """
        fitting = dict.fromkeys(PROVABLE, 0)
        readings: dict[Unit, int] = dict.fromkeys(PROVABLE, 0)
        texts = 0
        for draft in self._drafts():
            if not draft.spans or draft.by_tokens or _reads_alike(draft.text) or not _differ(draft):
                continue
            texts += 1
            for unit in PROVABLE:
                ranges = _ranges(draft, unit)
                readings[unit] = hash((readings[unit], tuple(ranges)))
                fitting[unit] += all(map(_fits, ranges, draft.spans, [draft.text] * len(ranges)))
        most = max(fitting.values())
        units = [unit for unit in PROVABLE if fitting[unit] == most]
        chosen = self._usual if self._usual in units else units[0]
        if most == texts and len({readings[unit] for unit in units}) == 1:
            if units[0] != "code-points":
                self._remark = f"its entities fit their texts only where offsets count {_NAMES[units[0]]}: read so"
            return units[0]
        if self._is_defined or not most:
            return self._usual
        distinct: dict[int, Unit] = {}
        for unit in units:
            distinct.setdefault(readings[unit], unit)
        named_so = distinct[readings[chosen]]
        others = [unit for unit in distinct.values() if unit != named_so]
        tools = "; ".join(_TOOLS.get(unit, unit) for unit in others) or "names another unit"
        read_as = f"read as {_NAMES[named_so]}"
        what = "emoji (or others beyond U+FFFF), combined characters or CRLF line ends before an entity"
        if most < texts:
            self._remark = (
                f"in no unit do offsets fit all of its texts with {what}: {read_as}, in which {most:,} of {texts:,} fit"
                f" (--offsets {tools})"
            )
        else:
            counted = " or ".join(_NAMES[unit] for unit in distinct.values())
            self._remark = (
                f"{texts:,} text{'s' * (texts != 1)} with {what}, and nothing proves whether offsets count {counted}:"
                f" {read_as} (--offsets {tools})"
            )
        return chosen


def _reads_alike(text: str) -> bool:
    """Whether all provable units count this text in the same way."""
    if text.isascii():
        return "\r" not in text
    return max(text) <= "\uffff" and "\r\n" not in text and not may_join(text)


def _differ(draft: Draft) -> bool:
    """Whether the units read an entity of this draft differently."""
    return len({tuple(_ranges(draft, unit)) for unit in PROVABLE}) > 1


def _ranges(draft: Draft, unit: Unit) -> list[Range | None]:
    """The range of each entity in code points; None if an offset is inside a character or outside the text."""
    places = _places(draft.text, unit)
    ranges = []
    for span in draft.spans or ():
        start, end = places.get(span.start), places.get(span.end)
        ranges.append(None if start is None or end is None else (start, end))
    return ranges


def _fits(range: Range | None, span: Span, text: str) -> bool:
    if range is None or range[0] >= range[1]:
        return False
    return span.surface is None or same_surface(span.surface, text[range[0] : range[1]])


def _places(text: str, unit: Unit) -> dict[int, int]:
    """The place in code points of every offset between two characters."""
    if unit == "graphemes":
        return grapheme_places(text)
    places: dict[int, int] = {}
    offset = 0
    for place, character in enumerate(chain(text, " ")):
        places.setdefault(offset, place)
        offset += _width(character, text[place + 1 : place + 2], unit)
    return places


def _width(character: str, following: str, unit: Unit) -> int:
    if unit == "utf-8":
        return len(character.encode("utf-8", "surrogatepass"))
    if unit.endswith("-lf") and character == "\r" and following == "\n":
        return 0
    return 2 if unit.startswith("utf-16") and character > "\uffff" else 1
