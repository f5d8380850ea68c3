"""Tokens to text: what is between them, and what a tokeniser left on them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

_INDEXED = re.compile(r".\d", re.DOTALL)
_FIRST_CJK = 0x2E80
"""The first code point of the scripts of East Asia, which write no space between words."""

JOINED = "the tokens are words, joined by a space (--token-joiner names something else)"
"""What is said if `spaces_are_needed`."""


def spaces_are_needed(tokens: Sequence[str]) -> bool:
    """Whether the tokens are words of a script that writes spaces: most have several letters, few are Chinese."""
    words = sum(_is_word(token) for token in tokens)
    chinese = sum(any(ord(character) >= _FIRST_CJK for character in token) for token in tokens)
    return words > 0 and 2 * words >= len(tokens) - _marks(tokens) and chinese < words


def joined(tokens: Sequence[str], joiner: str | None) -> tuple[str, list[int]]:
    """The text of tokens and where each begins.

    Args:
        tokens: the tokens of one sentence.
        joiner: what is between two tokens; None: a space between two words of Latin or other letters, else nothing.
    """
    pieces = list(tokens[:1])
    starts = [0] if tokens else []
    end = len(tokens[0]) if tokens else 0
    for before, token in pairwise(tokens):
        between = joiner if joiner is not None else " " if _are_words(before, token) else ""
        pieces += (between, token)
        starts.append(end + len(between))
        end = starts[-1] + len(token)
    return "".join(pieces), starts


def are_indexed(sentences: Sequence[Sequence[str]]) -> bool:
    """Whether each token is a character with its index in the word, counted from 0, as Weibo NER's: 北0 京1."""
    if not sentences:
        return False
    for sentence in sentences:
        index = -1
        for token in sentence:
            if not _INDEXED.fullmatch(token) or int(token[1]) not in (0, min(index + 1, 9)):
                return False
            index = int(token[1])
    return True


def _is_word(token: str) -> bool:
    letters = sum(character.isalpha() and ord(character) < _FIRST_CJK for character in token)
    return letters > 1 and all(ord(character) < _FIRST_CJK for character in token)


def _marks(tokens: Sequence[str]) -> int:
    """How many tokens are neither a letter nor Chinese: punctuation and figures."""
    return sum(not any(character.isalpha() for character in token) for token in tokens)


def _are_words(before: str, after: str) -> bool:
    """Whether two neighbours would run together: letters or figures meet, and one of the two is a word."""
    if not (_is_word(before) or _is_word(after)) or not before or not after:
        return False
    return all(character.isalnum() and ord(character) < _FIRST_CJK for character in (before[-1], after[0]))


def splits_word(text: str, place: int) -> bool:
    """Whether Latin letters, or digits, are on both sides of a place in a text."""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    letters = before.isascii() and before.isalpha() and after.isascii() and after.isalpha()
    return letters or (before.isdecimal() and after.isdecimal())
