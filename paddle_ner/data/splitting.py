"""Cutting one set into parts, such as train, dev and test, or into folds, without a text that is in two of them."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paddle_ner.errors import InputError
from paddle_ner.types import Example


@dataclass(frozen=True, slots=True)
class _Group:
    """The examples with the same text, or with the same key and its texts.

    Attributes:
        indices: the indices of the examples.
        labels: their classes and entity types.
    """

    indices: list[int]
    labels: frozenset[str]


def split(
    examples: Iterable[Example], fractions: Sequence[float], seed: int, key: Callable[[Example], str] | None = None
) -> list[list[Example]]:
    """Cut examples at random into one part a fraction; each part keeps the order of the file.

    Examples with the same text come into the same part, so a part can differ from its fraction by the size of such a
    group. Each part gets its share of every class and entity type; if there are too few examples for that, the
    largest part has each of them at least once. The same examples, fractions and seed give the same parts.

    Args:
        examples: to cut.
        fractions: the fractions of each part.
        seed: the seed of the draw.
        key: examples with the same key, such as that of their document, come into the same part too (`key_of`).

    Raises:
        InputError: the fractions are not positive or do not add up to 1, or there are fewer texts or keys than parts.
    """
    kept = list(examples)
    return [[kept[index] for index in part] for part in _cut(kept, fractions, seed, key)]


def _cut(
    kept: Sequence[Example], fractions: Sequence[float], seed: int, key: Callable[[Example], str] | None
) -> list[list[int]]:
    """The indices of the examples of each part, as `split` says."""
    if not fractions or any(not fraction > 0 for fraction in fractions) or not math.isclose(sum(fractions), 1):
        shown = ", ".join(f"{fraction:g}" for fraction in fractions)
        raise InputError(f"fractions {shown} add up to {sum(fractions):g}, expected positive numbers that add up to 1")
    groups = _ordered(_groups(kept, key), seed)
    if len(groups) < len(fractions):
        what = "different texts" if key is None else "groups of texts"
        raise InputError(f"{len(groups)} {what} are too few for {len(fractions)} parts, expected one for each")
    parts = _deal(groups, fractions)
    _fill_empty(parts)
    return [sorted(index for group in part for index in group.indices) for part in parts]


def folds(
    examples: Iterable[Example], count: int, seed: int, key: Callable[[Example], str] | None = None
) -> list[tuple[list[Example], list[Example]]]:
    """Train and dev of each of `count` folds: every example is in dev once. The rest is as in `split`.

    Raises:
        InputError: `count` is less than 2, or there are fewer texts or keys.
    """
    if count < 2:
        raise InputError(f"{count} folds, expected 2 at least")
    kept = list(examples)
    cuts = []
    for dev in _cut(kept, [1 / count] * count, seed, key):
        held = set(dev)
        train = [example for index, example in enumerate(kept) if index not in held]
        cuts.append((train, [kept[index] for index in dev]))
    return cuts


def key_of(name: str) -> Callable[[Example], str]:
    """A function that returns a field of an example: ``id``, a name, or ``meta.document`` for a nested field.

    The function raises InputError for an example without it, or read without `keep_fields`.
    """

    def key(example: Example) -> str:
        value: Any = {**example.fields, "id": example.id}
        for part in [name] if name in value else name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is None:
            there = ", ".join(example.fields) or "no field but its text and annotation"
            raise InputError(f"{example.origin or 'example'}: no {name} to group by, expected one: it has {there}")
        return str(value)

    return key


def _groups(examples: Sequence[Example], key: Callable[[Example], str] | None) -> list[_Group]:
    """One group per text, or a key with all texts that it shares with others, in the order of the file."""
    indices: dict[int, list[int]] = {}
    for index, leader in enumerate(_leaders(examples, key)):
        indices.setdefault(leader, []).append(index)
    return [
        _Group(members, frozenset(label for index in members for label in _labels(examples[index])))
        for members in indices.values()
    ]


def _leaders(examples: Sequence[Example], key: Callable[[Example], str] | None) -> list[int]:
    """For each example, the first example that shares a text or a key with it, directly or through others."""
    leaders = list(range(len(examples)))

    def leader(index: int) -> int:
        while leaders[index] != index:
            leaders[index] = leaders[leaders[index]]
            index = leaders[index]
        return index

    first: dict[tuple[str, str], int] = {}
    for index, example in enumerate(examples):
        for tie in [("text", example.text), *([] if key is None else [("key", key(example))])]:
            own, other = leader(first.setdefault(tie, index)), leader(index)
            leaders[max(own, other)] = min(own, other)
    return [leader(index) for index in range(len(examples))]


def _labels(example: Example) -> list[str]:
    single = [] if example.label is None else [example.label]
    return [*single, *(example.labels or ()), *(entity.label for entity in example.entities or ())]


def _ordered(groups: list[_Group], seed: int) -> list[_Group]:
    """The groups in random order, those with the same labels side by side, from a random start.

    Dealing evenly along this order deals evenly for each label, the rarest first: systematic
    sampling with implicit stratification.
    """
    draw = random.Random(seed)
    frequency = Counter(label for group in groups for label in group.labels)

    def rarest_first(group: _Group) -> list[tuple[int, str]]:
        return sorted((frequency[label], label) for label in group.labels)

    shuffled = draw.sample(groups, len(groups))
    ordered = sorted(shuffled, key=rarest_first)
    start = draw.randrange(len(ordered)) if ordered else 0
    return ordered[start:] + ordered[:start]


def _deal(groups: Sequence[_Group], fractions: Sequence[float]) -> list[list[_Group]]:
    """Give each group to the part that lacks most of its fraction; a label's first group to the largest part."""
    largest = fractions.index(max(fractions))
    parts: list[list[_Group]] = [[] for _ in fractions]
    sizes = [0] * len(fractions)
    seen: set[str] = set()
    total = 0
    for group in groups:
        total += len(group.indices)
        lacking = [fraction * total - size for fraction, size in zip(fractions, sizes, strict=True)]
        part = lacking.index(max(lacking)) if group.labels <= seen else largest
        if part == largest:
            seen |= group.labels
        parts[part].append(group)
        sizes[part] += len(group.indices)
    return parts


def _fill_empty(parts: list[list[_Group]]) -> None:
    """Give an empty part a group of the part with the most groups, with labels of which that part keeps others."""
    for part in parts:
        if not part:
            donor = max(parts, key=len)
            left = Counter(label for group in donor for label in group.labels)
            spare = [group for group in donor if all(left[label] > 1 for label in group.labels)]
            chosen = min(spare or donor, key=lambda group: len(group.indices))
            donor.remove(chosen)
            part.append(chosen)
