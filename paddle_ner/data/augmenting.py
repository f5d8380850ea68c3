"""More labelled texts, made from those that people labelled: other entities, synonyms, noise.

Every change is a list of edits that `edited` applies, so that offsets stay right whatever changes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from paddle_ner.data.encoding import guess
from paddle_ner.data.source import lines
from paddle_ner.data.tokens import splits_word
from paddle_ner.errors import InputError
from paddle_ner.types import Entity, Example

Change = Callable[[Example, np.random.Generator], "Example | None"]
"""Makes a new example from an example, at random; None if nothing in it can be changed."""
_SOME = 0.5  # share of the words with synonyms that are replaced, at least one
_ROUNDS = 10  # rounds over all examples without anything new, after which it gives up
_NOISE = ("drop", "repeat", "swap", "other")


class Edit(NamedTuple):
    """``text[start:end]``, which is not empty, becomes `new`."""

    start: int
    end: int
    new: str


def edited(example: Example, edits: Sequence[Edit]) -> Example:
    """The example with its text changed and its entities moved accordingly.

    Args:
        example: with any annotation.
        edits: in order of their start, apart from each other. No entity begins or ends inside one of them.
    """
    pieces: list[str] = []
    ends: list[int] = []  # the end of each edit, in the old text
    shifts = [0]  # of the text after so many edits
    read = 0
    for edit in edits:
        pieces += [example.text[read : edit.start], edit.new]
        read = edit.end
        ends.append(edit.end)
        shifts.append(shifts[-1] + len(edit.new) - (edit.end - edit.start))
    text = "".join([*pieces, example.text[read:]])

    def moved(place: int) -> int:
        return place + shifts[bisect_left(ends, place + 1)]

    entities = example.entities
    if entities is not None:
        entities = tuple(Entity.of(text, moved(entity.start), moved(entity.end), entity.label) for entity in entities)
    return replace(example, text=text, entities=entities)


def make(
    examples: Sequence[Example],
    change: Change,
    share: float,
    seed: int,
    avoid: Collection[str] = (),
    *,
    repeats: bool = False,
) -> Iterator[tuple[int, Example]]:
    """New examples, each with the index of its original; the same arguments make the same examples.

    Originals are drawn at random, none again before all were drawn.

    Args:
        examples: the originals.
        change: how to change one.
        share: characters to make, as a share of those of all examples.
        seed: the seed of the draw.
        avoid: texts that must not be made, such as those of the dev set.
        repeats: whether a text may be made that is in `examples` or was made before, as in a training.
    """
    draw = np.random.default_rng(seed)
    known = {*avoid, *(() if repeats else (example.text for example in examples))}
    wanted = share * sum(len(example.text) for example in examples)
    changeable = np.arange(len(examples))
    fruitless = 0
    while wanted > 0 and fruitless < _ROUNDS and len(changeable):
        fruitless += 1
        unchanged = set()
        for index in draw.permutation(changeable).tolist():
            made = change(examples[index], draw)
            if made is None:
                unchanged.add(index)
            if made is None or made.text in known or not made.text.strip():
                continue
            if not repeats:
                known.add(made.text)
            fruitless = 0
            yield index, made
            wanted -= len(made.text)
            if wanted <= 0:
                break
        changeable = np.array([index for index in changeable.tolist() if index not in unchanged], dtype=np.int64)


def other_entities(examples: Iterable[Example]) -> Change:
    """Each entity becomes another entity of its type from `examples`, all with the same probability.

    Entities with the same text still have the same text afterwards. Entities that overlap others, or whose type has no
    other entity, stay.
    """
    by_label: defaultdict[str, set[str]] = defaultdict(set)
    for example in examples:
        for entity in example.entities or ():
            by_label[entity.label].add(entity.text)
    surfaces = {label: sorted(texts) for label, texts in by_label.items()}

    def change(example: Example, draw: np.random.Generator) -> Example | None:
        chosen: dict[tuple[str, str], str] = {}
        edits = []
        for entity in _apart(example.entities or ()):
            others = surfaces.get(entity.label, [])
            if not [text for text in others[:2] if text != entity.text]:
                continue
            key = entity.label, entity.text
            if key not in chosen:
                chosen[key] = _another(others, entity.text, draw)
            edits.append(Edit(entity.start, entity.end, chosen[key]))
        return edited(example, edits) if edits else None

    return change


def other_words(table: Mapping[str, Sequence[str]]) -> Change:
    """Words become synonyms: half of those that have any.

    A word that crosses the border of an entity stays, and so does a part of a Latin word or of a number.

    Args:
        table: as `read_table` returns it.
    """
    index: defaultdict[str, list[str]] = defaultdict(list)
    for word in sorted(table, key=len, reverse=True):
        index[word[0]].append(word)

    def change(example: Example, draw: np.random.Generator) -> Example | None:
        matches = list(_words(example, index))
        if not matches:
            return None
        taken = draw.random(len(matches)) < _SOME
        taken[draw.integers(len(matches))] = True
        edits = []
        for (start, word), take in zip(matches, taken.tolist(), strict=True):
            if take:
                edits.append(Edit(start, start + len(word), table[word][int(draw.integers(len(table[word])))]))
        return edited(example, edits)

    return change


def noise(examples: Iterable[Example], rate: float) -> Change:
    """Characters are dropped, doubled, swapped with the next one, or replaced by another character of `examples`.

    Args:
        examples: whose letters and digits are drawn, the frequent ones more often.
        rate: share of the characters of a text that are changed, at least one. An entity keeps its borders.
    """
    texts = "".join(example.text for example in examples)
    characters = [character for character in texts if character.isalnum()] or texts

    def change(example: Example, draw: np.random.Generator) -> Example | None:
        text = example.text
        borders = {place for entity in example.entities or () for place in (entity.start, entity.end)}
        # Entities of one character: without it, nothing would be left of them.
        single = {entity.start for entity in example.entities or () if entity.end - entity.start == 1}
        count = max(1, round(rate * len(text)))
        edits: list[Edit] = []
        for place in sorted(draw.choice(len(text), min(count, len(text)), replace=False).tolist()):
            kind = _NOISE[int(draw.integers(len(_NOISE)))]
            other = characters[int(draw.integers(len(characters)))]
            if edits and place < edits[-1].end:
                continue
            if kind == "swap" and place + 1 < len(text) and place + 1 not in borders:
                edits.append(Edit(place, place + 2, text[place + 1] + text[place]))
            elif kind == "drop" and place not in single and place not in borders and place + 1 not in borders:
                edits.append(Edit(place, place + 1, ""))
            elif kind == "repeat":
                edits.append(Edit(place, place + 1, 2 * text[place]))
            elif kind == "other":
                edits.append(Edit(place, place + 1, other))
        return edited(example, edits) if edits else None

    return change


def read_table(path: Path) -> dict[str, list[str]]:
    """The synonyms of each word, from a file with words of the same meaning on each line, separated by tabs.

    Raises InputError if the file cannot be read, and for a line with a single word.
    """
    table: defaultdict[str, list[str]] = defaultdict(list)
    for line in lines(path, guess(path)):
        if line.fault is not None:
            raise InputError(f"{path}:{line.number}: {line.fault}")
        words = [word.strip() for word in line.text.split("\t") if word.strip()]
        if line.text.strip() and len(set(words)) < 2:
            raise InputError(
                f"{path}:{line.number}: {line.text.strip()[:40]!r}, expected words of one meaning, separated by tabs"
            )
        for word in words:
            table[word] += [other for other in words if other != word and other not in table[word]]
    if not table:
        raise InputError(f"{path}: no words in it, expected some that mean the same on each line, separated by tabs")
    return dict(table)


def _apart(entities: Sequence[Entity]) -> Iterator[Entity]:
    """The entities that overlap no other, in order."""
    ordered = sorted(entities, key=lambda entity: entity.start)
    reached = 0
    for index, entity in enumerate(ordered):
        following = ordered[index + 1].start if index + 1 < len(ordered) else entity.end
        if reached <= entity.start and entity.end <= following:
            yield entity
        reached = max(reached, entity.end)


def _another(texts: Sequence[str], text: str, draw: np.random.Generator) -> str:
    """A random text of sorted ones, other than `text`, which may be among them."""
    place = bisect_left(texts, text)
    is_there = place < len(texts) and texts[place] == text
    index = int(draw.integers(len(texts) - is_there))
    return texts[index + (is_there and index >= place)]


def _words(example: Example, index: Mapping[str, Sequence[str]]) -> Iterator[tuple[int, str]]:
    """The places of words that cross no border of an entity, from left to right, the longest at each place."""
    text = example.text
    borders = sorted({place for entity in example.entities or () for place in (entity.start, entity.end)})
    free_from = 0
    for start, character in enumerate(text):
        if start < free_from:
            continue
        for word in index.get(character, ()):
            end = start + len(word)
            if not text.startswith(word, start) or splits_word(text, start) or splits_word(text, end):
                continue
            crossed = bisect_left(borders, start + 1)
            if crossed < len(borders) and borders[crossed] < end:
                continue
            yield start, word
            free_from = end
            break
