"""A list of terms and regular expressions beside a model: what it finds in a text, and which of the two wins.

There may be millions of terms: a text costs a lookup in a hash table for each two of its characters, and another for
each length of a term with that beginning.

Devices get a copy of this file, see `paddle_ner.export.edge.runtime`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal, Tuple

from paddle_ner.types import Entity, Prediction

SOURCE = "terms"  # the source of entities from a list
Mode = Literal["before", "after"]

_BEGINNING = 2  # characters that are looked up first
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\U0010ffff]")  # Thai to Khmer, East Asia
_Found = Tuple[int, int, str]  # start, end, label


class Terms:
    """A list of terms with their types, and how it is combined with what a model finds.

    A term is found exactly as it is written. If it begins or ends with a letter or digit of a script that puts spaces
    between words, a word must begin or end there: ``AI`` is found in ``用AI写``, but not in ``PAID``.

    Args:
        types: the type of each term.
        patterns: regular expressions with their types; the whole match is the entity.
        mode: ``before``: an entity of the model that overlaps a term is left out; ``after``: a term that overlaps an
            entity of the model is.
        overlapping: whether entities may overlap, so that neither leaves the other out.
    """

    def __init__(
        self,
        types: Mapping[str, str],
        patterns: Sequence[tuple[re.Pattern[str], str]] = (),
        mode: Mode = "before",
        *,
        overlapping: bool = False,
    ) -> None:
        self.mode = mode
        self._types = types
        self._patterns = patterns
        self._overlapping = overlapping
        self._lengths = _lengths(types)

    def __len__(self) -> int:
        """How many terms and regular expressions there are."""
        return len(self._types) + len(self._patterns)

    def merge(self, prediction: Prediction) -> Prediction:
        """What a model says of a text, together with the terms in it; each entity of these says so in its source."""
        ours = self.find(prediction.text)
        theirs = prediction.entities or ()
        if not ours:
            return prediction
        first, second = (ours, theirs) if self.mode == "before" else (theirs, ours)
        if self._overlapping:
            there = {entity.span for entity in first}
            kept = [entity for entity in second if entity.span not in there]
        else:
            kept = _apart(second, first, len(prediction.text))
        return replace(
            prediction, entities=tuple(sorted([*first, *kept], key=lambda entity: (entity.start, entity.end)))
        )

    def find(self, text: str) -> list[Entity]:
        """The terms in a text, in order. Of those that overlap the longest wins, then the first, then a literal one."""
        places = [*self._literal(text), *self._expressed(text)]
        places.sort(key=lambda place: (place[0] - place[1], place[0]))
        entities = [Entity(start, end, label, text[start:end], source=SOURCE) for start, end, label in places]
        return sorted(_apart(entities, (), len(text)), key=lambda entity: entity.start)

    def _literal(self, text: str) -> Iterator[_Found]:
        lengths, types = self._lengths, self._types
        for start in range(len(text)):
            for length in lengths.get(text[start : start + _BEGINNING]) or lengths.get(text[start]) or ():
                end = start + length
                label = types.get(text[start:end])
                # At the end of the text a slice is shorter than it should be, and may be another term.
                if label is not None and end <= len(text) and _is_whole(text, start, end):
                    yield start, end, label

    def _expressed(self, text: str) -> Iterator[_Found]:
        for pattern, label in self._patterns:
            for match in pattern.finditer(text):
                if match.start() < match.end():
                    yield match.start(), match.end(), label


def _lengths(terms: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """The lengths of the terms by their first two characters; under one character those of terms that are no longer."""
    masks: dict[str, int] = {}
    for term in terms:
        beginning = term[:_BEGINNING]
        masks[beginning] = masks.get(beginning, 0) | 1 << len(term)
    shared: dict[int, tuple[int, ...]] = {}  # few lists of lengths are different
    lengths: dict[str, tuple[int, ...]] = {}
    for beginning, mask in masks.items():
        mask |= masks.get(beginning[0], 0)
        if mask not in shared:
            shared[mask] = tuple(length for length in range(1, mask.bit_length()) if mask >> length & 1)
        lengths[beginning] = shared[mask]
    return lengths


def _apart(entities: Iterable[Entity], others: Iterable[Entity], length: int) -> list[Entity]:
    """Those entities of a text of this length that overlap neither `others` nor one before them in their order."""
    taken = bytearray(length)
    for entity in others:
        taken[entity.start : entity.end] = b"\1" * (entity.end - entity.start)
    kept: list[Entity] = []
    for entity in entities:
        if taken.find(1, entity.start, entity.end) < 0:
            taken[entity.start : entity.end] = b"\1" * (entity.end - entity.start)
            kept.append(entity)
    return kept


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether no word of a script with spaces goes on over a border of ``text[start:end]``."""
    return not (
        (start > 0 and _is_spaced(text[start - 1]) and _is_spaced(text[start]))
        or (end < len(text) and _is_spaced(text[end - 1]) and _is_spaced(text[end]))
    )


def _is_spaced(character: str) -> bool:
    """Whether a character is part of words that are written with spaces between them."""
    if _UNSPACED.match(character):
        return False
    return character.isalnum() or character == "_" or unicodedata.category(character)[0] == "M"
