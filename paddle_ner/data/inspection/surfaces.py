"""Strings with different labels in different places, or labelled nearly everywhere: probable errors."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from paddle_ner.data.findings import KEPT, Finding, Place, plural, span_of
from paddle_ner.data.tokens import splits_word
from paddle_ner.types import Example

_OFTEN = 5  # times that a string is labelled before a place without its label counts
_SHARE = 0.9  # share of its places that must be labelled
_PLACES = 2  # places of a string with several labels that are shown, for each rarer label

_Where = tuple[Example, int, int]


def inconsistencies(examples: Sequence[Example]) -> Iterator[Finding]:
    """Entities with the same string but different labels, over all files together.

    A string with several labels may be right (a town and its football club); if one of them is rare, it is probably an
    error, and these come first. A string that is an entity in nine of ten places is probably one in the tenth too.
    """
    labels: defaultdict[str, Counter[str]] = defaultdict(Counter)
    where: defaultdict[tuple[str, str], list[_Where]] = defaultdict(list)
    for example in examples:
        for entity in example.entities or ():
            labels[entity.text][entity.label] += 1
            held = where[entity.text, entity.label]
            if len(held) < _PLACES:
                held.append((example, entity.start, entity.end))
    yield from _several(labels, where)
    yield from _missed(examples, {surface: counts.total() for surface, counts in labels.items()}, labels)


def _several(
    labels: Mapping[str, Counter[str]], where: Mapping[tuple[str, str], Sequence[_Where]]
) -> Iterator[Finding]:
    several = [(surface, counts.most_common()) for surface, counts in labels.items() if len(counts) > 1]
    if not several:
        return
    several.sort(key=lambda pair: (-pair[1][0][1] / sum(number for _, number in pair[1][1:]), pair[0]))
    rarer = sum(number for _, counts in several for _, number in counts[1:])
    total = sum(counts.total() for counts in labels.values())
    places: list[Place] = []
    for surface, ((usual, number), *others) in several:
        for label, _ in reversed(others):
            for example, start, end in where[surface, label]:
                places.append(span_of(example, start, end, label, f"{number:,} times {usual}"))
        if len(places) >= KEPT:
            break
    message = (
        f"{plural(len(several), 'string')} with different labels in different places: {rarer:,} of"
        f" {plural(total, 'entity', 'entities')} have another than the usual one; likeliest errors first"
    )
    yield Finding("several-labels", "warning", message, len(several), tuple(places[:KEPT]))


def _missed(
    examples: Sequence[Example], totals: Mapping[str, int], labels: Mapping[str, Counter[str]]
) -> Iterator[Finding]:
    """Places of strings that are labelled nearly everywhere else."""
    index: defaultdict[str, list[str]] = defaultdict(list)
    for surface, count in totals.items():
        if count >= _OFTEN and len(surface) > 1:
            index[surface[:2]].append(surface)
    for surfaces in index.values():
        surfaces.sort(key=len, reverse=True)
    unlabelled: defaultdict[str, list[_Where]] = defaultdict(list)
    for example in examples:
        if example.entities is not None:
            for surface, start in _occurrences(example, index):
                unlabelled[surface].append((example, start, start + len(surface)))
    overlooked = [
        (totals[surface] / (totals[surface] + len(places)), surface, places)
        for surface, places in unlabelled.items()
        if totals[surface] >= _SHARE * (totals[surface] + len(places))
    ]
    if not overlooked:
        return
    overlooked.sort(key=lambda entry: (-entry[0], entry[1]))
    count = sum(len(places) for _, _, places in overlooked)
    shown = (
        span_of(example, start, end, said=f"{totals[surface]:,} times {labels[surface].most_common(1)[0][0]}")
        for _, surface, places in overlooked
        for example, start, end in places
    )
    message = (
        f"{plural(count, 'place')} without a label, of {plural(len(overlooked), 'string')} that"
        f" {'is' if len(overlooked) == 1 else 'are'} labelled in at least {_SHARE:.0%} of their places: overlooked?"
    )
    yield Finding("missing-entity", "warning", message, count, tuple(islice(shown, KEPT)))


def _occurrences(example: Example, index: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, int]]:
    """The strings of an index, by their first two characters, that stand outside of the entities, the longest each."""
    text = example.text
    covered = bytearray(len(text))
    for entity in example.entities or ():
        covered[entity.start : entity.end] = b"\1" * (entity.end - entity.start)
    free_from = 0
    for start in range(len(text) - 1):
        surfaces = index.get(text[start : start + 2])
        if surfaces is None or start < free_from or covered[start]:
            continue
        for surface in _starting(text, start, surfaces):
            end = start + len(surface)
            if not any(covered[start:end]) and not _cuts_word(text, start, end):
                yield surface, start
                free_from = end
                break


def _starting(text: str, start: int, surfaces: Iterable[str]) -> Iterator[str]:
    return (surface for surface in surfaces if text.startswith(surface, start))


def _cuts_word(text: str, start: int, end: int) -> bool:
    """Whether a span begins or ends inside a Latin word or a number."""
    return splits_word(text, start) or splits_word(text, end)
