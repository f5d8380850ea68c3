"""What goes wrong with each label, and with which names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paddle_ner.evaluation.diagnosis.intervals import Interval, f1, interval, resampled
from paddle_ner.evaluation.diagnosis.items import Judged, counts, label_of
from paddle_ner.evaluation.diagnosis.pairs import Kind, Pair
from paddle_ner.evaluation.diagnosis.training import Training
from paddle_ner.tasks.metrics import GOLD, PREDICTED, TRUE_POSITIVES, Scores, ratios

_NAMES = 6  # the most frequent ones that are told


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """One label.

    Attributes:
        label: its name.
        scores: in [0, 1].
        interval: of F1.
        errors: annotated items that are not found and found ones that are wrong; an entity that was found as another
            one is one of them, its own label's.
        trained: how often training has it; None where that is not known.
        kinds: what its entities are instead of right; what is invented counts for the label that it was given.
            Empty for classes.
        lost_names: the names of entities that are most often not found, with how often.
        wrong_names: the names that are most often found and wrong.
    """

    label: str
    scores: Scores
    interval: Interval
    errors: int
    trained: int | None
    kinds: Mapping[Kind, int]
    lost_names: tuple[tuple[str, int], ...]
    wrong_names: tuple[tuple[str, int], ...]


def by_label(
    judged: Sequence[Judged], pairs: Sequence[Sequence[Pair]], labels: Sequence[str], training: Training | None
) -> tuple[list[LabelFigures], Interval]:
    """The figures of each label, and the interval of all together.

    Args:
        judged: the examples.
        pairs: the entities of each; empty for classes.
        labels: the label space.
        training: what the model saw.
    """
    counted = counts(judged, labels, label_of)
    drawn = resampled(counted)
    sums = counted.sum(axis=0)
    kinds, lost, wrong = _wrong(judged, pairs)
    figures = []
    for column, label in enumerate(labels):
        right, found, gold = (int(sums[column, place]) for place in (TRUE_POSITIVES, PREDICTED, GOLD))
        its: Mapping[Kind, int] = kinds.get(label, {})
        figures.append(
            LabelFigures(
                label,
                ratios(right, found, gold),
                interval(f1(drawn[:, column])),
                sum(its.values()) if pairs else gold + found - 2 * right,
                None if training is None else training.labels.get(label, 0),
                dict(its),
                tuple(lost.get(label, Counter()).most_common(_NAMES)),
                tuple(wrong.get(label, Counter()).most_common(_NAMES)),
            )
        )
    return figures, interval(f1(drawn.sum(axis=1)))


def _wrong(
    judged: Sequence[Judged], pairs: Sequence[Sequence[Pair]]
) -> tuple[dict[str, Counter[Kind]], dict[str, Counter[str]], dict[str, Counter[str]]]:
    """By label the kinds of errors, the names that are lost and those that are wrong."""
    kinds: dict[str, Counter[Kind]] = {}
    lost: dict[str, Counter[str]] = {}
    wrong: dict[str, Counter[str]] = {}
    for judgement, its in zip(judged, pairs):  # noqa: B905  # classes have no pairs
        for pair in its:
            if pair.kind == "right":
                continue
            if owner := pair.gold or pair.found:
                kinds.setdefault(owner.label, Counter())[pair.kind] += 1
            if pair.gold is not None:
                lost.setdefault(pair.gold.label, Counter())[judgement.surface(pair.gold)] += 1
            if pair.found is not None:
                wrong.setdefault(pair.found.label, Counter())[judgement.surface(pair.found)] += 1
    return kinds, lost, wrong
