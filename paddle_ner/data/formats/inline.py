"""Texts with their entities marked in them, one per line: ``{{PER:韩梅}}在苏州`` or ``<PER>韩梅</PER>在苏州``.

The text is what is left without the marks. Both kinds of mark are read, and marks may be in marks. ``TYPE`` of a tag
is its label, as in MUC's ``<ENAMEX TYPE="PERSON">``. ``&lt;`` is read as these four characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark, Span
from paddle_ner.data.source import lines

_NAME = r"[^\W\d][\w.-]*"
_MARK = re.compile(
    rf"""\{{\{{(?P<type>[^{{}}:]*): | (?P<bare>\{{\{{) | (?P<close>\}}\}})
    | <(?P<open>{_NAME})(?P<rest>\s[^<>]*)?> | </(?P<end>{_NAME})>""",
    re.VERBOSE,
)
_TYPE = re.compile(r"""\s+type\s*=\s*(["'])(?P<type>[^"']+)\1\s*""", re.IGNORECASE)
_BRACES = re.compile(r"\{\{[^{}:]+:.+?\}\}")
_TAGS = re.compile(rf"<({_NAME})(?:\s[^<>]*)?>.+?</\1>")
_PAGE = re.compile(
    r"<(?:\?xml|!doctype|!--|/?(?:html|head|body|div|p|br|span|a|b|i|u|em|strong|font|li|td|img)\b)", re.I
)
_SHARE = 0.2
"""The least share of lines with a mark: many texts have no entity."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A mark without its end yet: what it is, its label, its column, and where its text begins."""

    mark: str
    label: str
    column: int
    start: int
    closes_with: str


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    escaped: int | None = None
    for line in lines(path, options.encoding):
        if line.fault is not None:
            yield Rejected.at(path, line.number, line.fault)
        elif line.text.strip():
            if escaped is None and re.search("&(?:lt|gt|amp);", line.text):
                escaped = line.number
            try:
                yield Draft(line.number, *_parts(line.text))
            except ValueError as error:
                yield Rejected.at(path, line.number, str(error))
    if escaped is not None:
        yield Remark(f"&lt;, &gt; and &amp; are text as they stand, first on line {escaped}")


def _parts(line: str) -> tuple[str, list[Span]]:
    """The text without its marks, and what they mark. Raises ValueError for marks that do not pair."""
    pieces: list[str] = []
    spans: list[Span] = []
    opened: list[_Open] = []
    length = position = 0
    for match in _MARK.finditer(line):
        pieces.append(line[position : match.start()])
        length += len(pieces[-1])
        position, column = match.end(), match.start() + 1
        if match["type"] is not None or match["bare"] is not None:
            if not (match["type"] or "").strip():
                raise ValueError(f"{{{{ at character {column} has no type, expected {{{{type:text}}}}")
            opened.append(_Open(match[0], match["type"], column, length, "}}"))
        elif match["open"] is not None:
            opened.append(_Open(match[0], _label(match), column, length, f"</{match['open']}>"))
        elif not opened or opened[-1].closes_with != match[0]:
            inside = (
                f", but {opened[-1].mark} at character {opened[-1].column} is open" if opened else ", but none is open"
            )
            raise ValueError(f"{match[0]} at character {column} closes a mark{inside}")
        else:
            first = opened.pop()
            if length == first.start:
                raise ValueError(
                    f"{first.mark} at character {first.column} marks no text, expected at least a character"
                )
            spans.append(Span(first.start, length, first.label))
    if opened:
        last = opened[-1]
        raise ValueError(
            f"{last.mark} at character {last.column} is not closed, expected {last.closes_with} behind the text"
        )
    rest = line[position:]
    return "".join(pieces) + rest, spans


def _label(tag: re.Match[str]) -> str:
    """The label of a tag that opens. Raises ValueError for attributes that are not read."""
    if not (tag["rest"] or "").strip():
        return tag["open"]
    match = _TYPE.fullmatch(tag["rest"])
    if match is None:
        raise ValueError(f'{tag[0]} has attributes, expected <type>, or TYPE="…" alone')
    return match["type"]


def _recognise(beginning: Beginning) -> Fit:
    named_otherwise = beginning.suffix in (".csv", ".tsv", ".xml", ".html", ".htm")
    if beginning.is_folder or named_otherwise or beginning.is_json:
        return Fit.NO
    braces = sum(_BRACES.search(line) is not None for line in beginning.lines)
    tags = sum(_TAGS.search(line) is not None for line in beginning.lines)
    if tags and any(_PAGE.search(line) for line in beginning.lines):
        tags = 0
    return Fit.LIKELY if braces + tags >= max(1, _SHARE * len(beginning.lines)) else Fit.NO


FORMAT = Format(
    "inline",
    "texts with their entities marked in them: {{PER:韩梅}}在苏州 or <PER>韩梅</PER>在苏州",
    _drafts,
    _recognise,
)
