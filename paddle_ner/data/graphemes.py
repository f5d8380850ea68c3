"""Grapheme clusters: what looks like one character, such as a family of emoji, a flag, a letter with its accent."""

from __future__ import annotations

import re
from unicodedata import category

_JOINING = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u0eff\u1ab0-\u1aff\u1dc0-\u1dff\u200d\u20d0-\u20ff\u302a-\u302f\u3099\u309a\ufe00-\ufe2f]"
)
"""Characters up to U+FFFF that may be in a cluster with the one before them, and scripts with such characters."""
_FLAGS = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
"""The letters that make a flag in pairs."""
_JOINERS = frozenset(map(chr, (0x200D, *range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080))))
"""The zero-width joiner, tones of skin, tags."""


def may_join(text: str) -> bool:
    """Whether a text of characters up to U+FFFF may have clusters of several characters, other than CRLF."""
    return _JOINING.search(text) is not None


def _joins(before: str, character: str, flags: int) -> bool:
    """Whether a character is in a grapheme cluster with the one before it, the `flags`-th letter of flags in a row.

    These are the rules of Unicode's annex 29 without those for syllables of Korean and of the scripts of India.
    """
    if before == "\r":
        return character == "\n"
    if character in _FLAGS:
        return flags % 2 == 1
    if character in _JOINERS or category(character) in ("Mn", "Me", "Mc"):
        return before != "\n"
    return before == "\u200d" and category(character) == "So"


def grapheme_places(text: str) -> dict[int, int]:
    """The place in code points of every offset between two grapheme clusters."""
    places: dict[int, int] = {}
    flags = 0
    for place, character in enumerate(text):
        if place == 0 or not _joins(text[place - 1], character, flags):
            places[len(places)] = place
        flags = flags + 1 if character in _FLAGS else 0
    places[len(places)] = len(text)
    return places
