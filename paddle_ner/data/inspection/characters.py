"""What the characters of texts show: invisible ones, two scripts in one text, and unknown ones."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache

from paddle_ner.data.findings import KEPT, Finding, Place, Severity, plural, span_of
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.types import Example

_HARMLESS = frozenset("\t\n\r\u3000\u200d")  # a tab, line ends, the wide space, the joiner of emoji
_SHOWN = 8  # characters that a finding names
_MUCH = 0.01  # share of unknown characters from which on a warning is given
_FEW_TEXTS = 5  # texts in one of the scripts, fewer are chance
_FEW_MARKS = 2  # different characters that prove a script: a rare name may have one of the other script


def unseen(examples: Sequence[Example]) -> Iterator[Finding]:
    """Control characters and other invisible ones, and the character that replaces what a conversion lost."""
    tally = _Tally(examples, _is_unseen)
    if tally.counts:
        message = (
            f"{plural(tally.texts, 'text')} with control characters or others that cannot be seen:"
            f" {tally.shown(_code)}; remove them before labelling, since offsets count them"
        )
        yield Finding("unseen-character", "warning", message, tally.texts, tally.places)


def mixed_scripts(examples: Sequence[Example]) -> Iterator[Finding]:
    """Traditional and simplified Chinese in the same text, or in different texts."""
    traditional = simplified = 0
    mixed: list[Example] = []
    for example in examples:
        scripts = Counter(script for character in set(example.text) if (script := _script(character)))
        old, new = (scripts[name] >= _FEW_MARKS for name in ("traditional", "simplified"))
        if old and new:
            mixed.append(example)
        traditional += old and not new
        simplified += new and not old
    if mixed:
        message = f"{plural(len(mixed), 'text')} with traditional and simplified characters mixed"
        yield Finding("mixed-script", "warning", message, len(mixed), tuple(map(_mixed_place, mixed[:KEPT])))
    less = min(traditional, simplified)
    if less >= _FEW_TEXTS:
        message = (
            f"{plural(simplified, 'text')} in simplified and {traditional:,} in traditional characters: a model that"
            " learns from few of one kind hardly knows it; convert the texts before labelling"
        )
        yield Finding("two-scripts", "note", message, less)


def unknown(examples: Sequence[Example], tokenizer: Tokenizer, name: str) -> Iterator[Finding]:
    """Characters that a vocabulary lacks, which a model cannot tell apart.

    Args:
        examples: whose texts are read.
        tokenizer: the tokenizer of the vocabulary.
        name: the name of the vocabulary.
    """
    known = cache(lambda character: tokenizer.unk_id not in tokenizer.encode(character).ids)
    tally = _Tally(examples, lambda character: not known(character))
    if not tally.counts:
        return
    total = sum(len(example.text) for example in examples)
    share = tally.counts.total() / total
    message = (
        f"{plural(tally.counts.total(), 'character')} ({share:.2%}) in {plural(tally.texts, 'text')} that the"
        f" vocabulary of {name} lacks and reads as unknown: {tally.shown(str)}"
    )
    severity: Severity = "warning" if share > _MUCH else "note"
    yield Finding("unknown-character", severity, message, tally.counts.total(), tally.places)


class _Tally:
    """How often characters of a kind occur in texts, and where they occur first.

    Attributes:
        counts: the counts of each character of the kind.
        texts: how many have such a character.
        places: the first texts that have such a character.
    """

    def __init__(self, examples: Sequence[Example], is_one: Callable[[str], bool]) -> None:
        self.counts: Counter[str] = Counter()
        self.texts = 0
        places: list[Place] = []
        judged: dict[str, bool] = {}
        for example in examples:
            held = [character for character in set(example.text) if _judge(character, judged, is_one)]
            if not held:
                continue
            self.texts += 1
            for character in held:
                self.counts[character] += example.text.count(character)
            if len(places) < KEPT:
                start = min(map(example.text.index, held))
                places.append(span_of(example, start, start + 1))
        self.places = tuple(places)

    def shown(self, name: Callable[[str], str]) -> str:
        """The most frequent characters with their counts."""
        most = ", ".join(f"{name(character)} {count:,}" for character, count in self.counts.most_common(_SHOWN))
        more = len(self.counts) - _SHOWN
        return f"{most} and {more:,} more" if more > 0 else most


def _judge(character: str, judged: dict[str, bool], is_one: Callable[[str], bool]) -> bool:
    if character not in judged:
        judged[character] = is_one(character)
    return judged[character]


def _is_unseen(character: str) -> bool:
    if character in _HARMLESS or character == " ":
        return False
    return character == "\ufffd" or unicodedata.category(character) in ("Cc", "Cf", "Co", "Cn", "Zl", "Zp")


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"


@cache
def _script(character: str) -> str:
    """``traditional`` or ``simplified`` for a character that is only one of them; else empty.

    GB 2312 holds the simplified characters, Big5 the traditional ones: a character that only one of them has belongs
    to it. Of Big5 only the frequent half counts (its first bytes up to C6), since the other half has rare
    characters of every kind.
    """
    if not "\u4e00" <= character <= "\u9fff":
        return ""
    in_gb = _encoded(character, "gb2312")
    in_big5 = _encoded(character, "big5")
    if in_gb and not in_big5:
        return "simplified"
    return "traditional" if not in_gb and in_big5 and in_big5[0] <= 0xC6 else ""


def _encoded(character: str, encoding: str) -> bytes:
    try:
        return character.encode(encoding)
    except UnicodeEncodeError:
        return b""


def _mixed_place(example: Example) -> Place:
    place = next(index for index, character in enumerate(example.text) if _script(character) == "traditional")
    return span_of(example, place, place + 1)
