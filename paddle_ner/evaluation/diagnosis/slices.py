"""The score by parts of the data: by the length of the text, and by what training held of an entity."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paddle_ner.evaluation.diagnosis.intervals import Interval, f1, interval, resampled
from paddle_ner.evaluation.diagnosis.items import Item, Judged, counts
from paddle_ner.evaluation.diagnosis.training import Training
from paddle_ner.tasks.metrics import Scores, ratios

_LENGTHS = (20, 50, 100, 200, 500)  # the longest text of each slice, in characters
_TIMES = (0, 1, 4, 19)
_SEEN = ("seen", "other", "unseen")


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the annotated and predicted items.

    Attributes:
        name: the name of the part, such as ``21-50``.
        scores: micro figures in it.
        interval: the interval of its F1.
    """

    name: str
    scores: Scores
    interval: Interval


def by_length(judged: Sequence[Judged]) -> list[Slice]:
    """By the characters of the text."""
    names = _names(_LENGTHS, 0)
    return sliced(judged, names, lambda judgement, _: names[bisect_left(_LENGTHS, len(judgement.example.text))])


def by_seen(judged: Sequence[Judged], training: Training) -> list[Slice]:
    """By `Training.seen`."""
    return sliced(judged, _SEEN, training.seen)


def by_times(judged: Sequence[Judged], training: Training) -> list[Slice]:
    """By how often training held an entity of that text and label."""
    names = _names(_TIMES, 0)
    return sliced(judged, names, lambda judgement, item: names[bisect_left(_TIMES, training.times(judgement, item))])


def sliced(judged: Sequence[Judged], names: Sequence[str], name_of: Callable[[Judged, Item], str]) -> list[Slice]:
    """The scores of each part that has something in it; `name_of` says to which an item belongs."""
    counted = counts(judged, names, name_of)
    drawn = f1(resampled(counted))
    sums = counted.sum(axis=0)
    return [
        Slice(name, ratios(*(int(number) for number in sums[column])), interval(drawn[:, column]))
        for column, name in enumerate(names)
        if sums[column].any()
    ]


def _names(greatest: Sequence[int], least: int) -> list[str]:
    """The names of the parts between limits: ``0-20``, ``21-50``, …, ``501+``; a part of one number is that number."""
    names = []
    for high in greatest:
        names.append(str(high) if high == least else f"{least}-{high}")
        least = high + 1
    return [*names, f"{least}+"]
