"""Where the sentences of a text end, by its characters alone: a sentence ends at the same place in any text.

Characters between two sentences (closing quotes and brackets, spaces, line breaks, emoji) belong to the first of them.
A mark that is probably not an end, as in a number, an abbreviation, a URL or a title in ``《》``, does not cut: a
sentence that is too long costs little, but an entity that is cut is rarely found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MARKS = "。｡！？!?；;…～~"
_BREAKS = "\n\r\v\f\x85\u2028\u2029"
_CLOSING = "”’」』﹂﹄）)】］\\]》〉〕}"
_EMOJI = "\U0001f000-\U0001faff"
_JOINERS = "\ufe0f\u200d"  # parts of composed emoji
_CANDIDATE = re.compile(
    r"(?P<whole>《[^《》\n]{1,60}》|(?:https?://|www\.)[!-~]+|&#?[0-9A-Za-z]{1,8};)"
    rf"|(?P<end>[{MARKS}{_BREAKS}{_EMOJI}]|\[[\u4e00-\u9fff]{{1,4}}\](?!\()|\.(?=[{_CLOSING}\"']*(?:\s|$)))"
)
_BEHIND = re.compile(rf"[{MARKS}{_CLOSING}{_EMOJI}{_JOINERS}\s.]*")
_SPACE = re.compile(r"\s{0,20}")
_QUOTES = "\"'"
_NUMERALS = frozenset("零一二三四五六七八九十百千万亿两几")
_GOES_ON = "，,、：:"  # after a mark and its closing quote: 他问：“好吗？”，没人回答。
_WORD_BEFORE_STOP = re.compile(r"(?:[a-z]{2,}|[A-Za-z]{5,}|[0-9]{4,}|[^\x00-\x7f])$")
_ABBREVIATIONS = re.compile(r"\b(?:al|approx|assoc|ca|cf|eds?|etc|fig|vs)$", re.IGNORECASE)
_LONGEST_WORD = 40  # characters before a full stop that are checked


def sentence_ends(text: str) -> list[int]:
    """For each sentence of `text`, the index after its last character, so the last is the length of the text."""
    return [*_ends(text), len(text)]


def _ends(text: str) -> Iterator[int]:
    """The ends before the end of the text. Each character is checked a bounded number of times, whatever the text."""
    looked_at = 0  # all before it was
    has_words = False
    quotes = dict.fromkeys(_QUOTES, 0)
    for candidate in _CANDIDATE.finditer(text):
        mark = candidate.start("end")
        if mark < looked_at or not _closes(text, mark):
            continue
        has_words = has_words or any(character.isalnum() for character in text[looked_at:mark])
        for quote in quotes:
            quotes[quote] += text.count(quote, looked_at, mark)
        end = looked_at = _behind(text, candidate.end(), quotes)
        if end < len(text) and has_words and text[end] not in _GOES_ON:
            yield end
            has_words = False
            quotes = dict.fromkeys(_QUOTES, 0)


def _closes(text: str, mark: int) -> bool:
    """Whether the mark at an index ends a sentence, judging by its neighbours."""
    before, after = text[mark - 1 : mark], text[mark + 1 : mark + 2]
    if text[mark] == ".":
        word = text[max(0, mark - _LONGEST_WORD) : mark]
        following = _SPACE.match(text, mark + 1).end()  # type: ignore[union-attr]  # it matches the empty string too
        return (
            _WORD_BEFORE_STOP.search(word) is not None
            and _ABBREVIATIONS.search(word) is None
            and not text[following : following + 1].islower()
        )
    if text[mark] in "!?;":
        return not (_is_latin(before) and _is_latin(after))
    if text[mark] in "～~":  # 谢谢～ ends, 5～7天 and 周一～周五 do not
        return not (before.isascii() or before in _NUMERALS or after.isdigit() or after in _NUMERALS)
    return True


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _behind(text: str, end: int, quotes: dict[str, int]) -> int:
    """`end` moved after all characters that belong to the sentence; a straight quote closes there if one is open.

    Args:
        text: the text.
        end: the index after the mark.
        quotes: how many of each straight quote are in the sentence so far; passed ones are added.
    """
    while True:
        end = _BEHIND.match(text, end).end()  # type: ignore[union-attr]  # it matches the empty string too
        quote = text[end : end + 1]
        if quotes.get(quote, 0) % 2 == 0:
            return end
        quotes[quote] += 1
        end += 1
