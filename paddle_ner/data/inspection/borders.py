"""Entities that begin or end where none should: at a space, inside a number, a word or brackets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from paddle_ner.data.findings import KEPT, Finding, Place, plural, span_of
from paddle_ner.data.tokens import splits_word
from paddle_ner.types import Entity, Example

_MARKS = frozenset("，。、；：,;:…—～~")
_NOT_FIRST = _MARKS | frozenset("！？!?.)]}）】》〉」』”’·%‰")
_NOT_LAST = _MARKS | frozenset("([{（【《〈「『“‘·")
_PAIRS = {
    "（": "）",
    "(": ")",
    "《": "》",
    "〈": "〉",
    "「": "」",
    "『": "』",
    "【": "】",
    "[": "]",
    "“": "”",
    "‘": "’",
}


def odd_borders(examples: Sequence[Example]) -> Iterator[Finding]:
    """A finding with all entities with odd borders, by what is odd."""
    places: defaultdict[str, list[Place]] = defaultdict(list)
    counts: Counter[str] = Counter()
    total = 0
    for example in examples:
        for entity in example.entities or ():
            total += 1
            what = oddity(example.text, entity)
            if what is not None:
                counts[what] += 1
                if len(places[what]) < KEPT:
                    places[what].append(span_of(example, *entity.span, what))
    if not counts:
        return
    counted = ", ".join(f"{what} {number:,}" for what, number in counts.most_common())
    message = f"{counts.total():,} of {plural(total, 'entity', 'entities')} with odd borders: {counted}"
    yield Finding("odd-border", "warning", message, counts.total(), tuple(_in_turn(list(places.values()))))


def oddity(text: str, entity: Entity) -> str | None:
    """What is odd about the borders of an entity, in words; None if nothing is."""
    surface = entity.text
    if surface != surface.strip():
        return "space at the border"
    for opening, closing in _PAIRS.items():
        if surface.count(opening) != surface.count(closing):
            return "half a pair of brackets or quotes"
    if surface[0] in _NOT_FIRST or surface[-1] in _NOT_LAST:
        return "punctuation at the border"
    for border in (entity.start, entity.end):
        if splits_word(text, border):
            return "half a number" if text[border].isdecimal() else "half a word"
    return None


def _in_turn(groups: Sequence[Sequence[Place]]) -> list[Place]:
    """Places of each group in turn, so that the first ones show every oddity."""
    longest = max(map(len, groups))
    return [group[number] for number in range(longest) for group in groups if number < len(group)][:KEPT]
