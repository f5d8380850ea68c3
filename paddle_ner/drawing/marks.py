"""A text as HTML with its entities marked; those inside others are marked inside them."""

from __future__ import annotations

import zlib
from html import escape
from typing import Callable, Iterable, Protocol, Sequence, TypeVar

HUES = (258, 28, 155, 80, 315, 205, 120, 350, 180, 55, 285, 235)
"""The hues of labels, in degrees of OKLCH, as on the page of a server."""

PASTELS = (
    "#d8e8ff", "#feded9", "#ccf1d7", "#f9e3c0", "#f4dcff", "#bff1f7",
    "#e1ecc5", "#ffdbea", "#c2f2e7", "#ffdfcb", "#e3e3ff", "#ccebff",
)  # fmt: skip
"""The same hues as colours, for places without a style sheet."""

JOINER = "\u2060"
"""Before the label at the end of a mark, to keep it on the line of the last character."""

_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\r\n"}
_PICTURES[0x7F] = 0x2421
_PICTURES.update(dict.fromkeys(range(0xD800, 0xE000), 0xFFFD))
"""Control characters and lone surrogates, which HTML cannot hold, as characters that picture them."""


class Span(Protocol):
    """A labelled part of a text, as `paddle_ner.types.Entity` is."""

    @property
    def start(self) -> int:
        """First code point."""

    @property
    def end(self) -> int:
        """One past the last code point."""

    @property
    def label(self) -> str:
        """What it is."""

    @property
    def score(self) -> float | None:
        """The model's probability."""

    @property
    def source(self) -> str | None:
        """The source of the label, if not a model."""


S = TypeVar("S", bound=Span)


class _Piece:
    """A part of a span that is completely inside the piece around it; the last one of a span carries its label."""

    def __init__(self, index: int, start: int, end: int) -> None:
        self.index, self.start, self.end, self.last = index, start, end, True
        self.children: list[_Piece] = []


def safe(text: object) -> str:
    """A text for HTML, in an attribute too."""
    return escape(str(text).translate(_PICTURES))


def marked(text: str, spans: Iterable[S], attributes: Callable[[S], str], tag: Callable[[S], str]) -> str:
    """HTML of `text` with a ``<mark>`` around each of `spans`.

    One that begins in another and ends after it is cut in two marks at that end.

    Args:
        text: the original text.
        spans: in any order.
        attributes: the attributes of the ``<mark>`` of a span, as HTML.
        tag: HTML at the end of a span, such as its label.
    """
    listed = list(spans)

    def drawn(pieces: Sequence[_Piece], start: int, end: int) -> str:
        shown = []
        for piece in pieces:
            span = listed[piece.index]
            inside = drawn(piece.children, piece.start, piece.end)
            closing = tag(span) if piece.last else ""
            shown.append(f"{safe(text[start : piece.start])}<mark {attributes(span)}>{inside}{closing}</mark>")
            start = piece.end
        return "".join(shown) + safe(text[start:end])

    return drawn(_nest(listed), 0, len(text))


def _nest(spans: Sequence[Span]) -> list[_Piece]:
    """Spans as a tree of pieces."""
    queue = sorted((_Piece(index, span.start, span.end) for index, span in enumerate(spans)), key=_place)
    roots: list[_Piece] = []
    open_pieces: list[_Piece] = []
    at = 0
    while at < len(queue):
        piece = queue[at]
        at += 1
        while open_pieces and open_pieces[-1].end <= piece.start:
            open_pieces.pop()
        outer = open_pieces[-1] if open_pieces else None
        if outer and piece.end > outer.end:
            rest = _Piece(piece.index, outer.end, piece.end)
            piece.end, piece.last = outer.end, False
            queue[at:] = sorted([*queue[at:], rest], key=_place)
        (outer.children if outer else roots).append(piece)
        open_pieces.append(piece)
    return roots


def _place(piece: _Piece) -> tuple[int, int]:
    return piece.start, -piece.end


class Palette:
    """A number for each label, by which it is coloured: in order of appearance, or in the order of known labels."""

    def __init__(self, labels: Iterable[str] = (), *, by_name: bool = False) -> None:
        self._numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
        self._by_name = by_name

    def number(self, label: str) -> int:
        """The number of the label, from 0; if colours depend on the name, it is usually the same in all texts."""
        if label not in self._numbers:
            number = len(self._numbers)
            if self._by_name:
                first = zlib.crc32(label.encode("utf-8", "replace"))
                taken = set(self._numbers.values())
                places = [(first + step) % len(HUES) for step in range(len(HUES))]
                number = next((place for place in places if place not in taken), places[0])
            self._numbers[label] = number
        return self._numbers[label]

    def hue(self, label: str) -> int:
        """Of `HUES`."""
        return HUES[self.number(label) % len(HUES)]


def said(span: Span) -> str:
    """How sure a model is of a span, or its other source; empty for people's labels."""
    return span.source or scored(span.score)


def scored(score: float | None) -> str:
    """A probability with two decimals; empty if there is none."""
    return "" if score is None else f"{score:.2f}"
