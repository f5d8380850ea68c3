"""The errors of each label, and the names in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from paddle_ner.evaluation.diagnosis.intervals import Interval, f1, interval, resampled
from paddle_ner.evaluation.diagnosis.items import Judged, counts, label_of
from paddle_ner.evaluation.diagnosis.pairs import Kind, Pair
from paddle_ner.evaluation.diagnosis.training import Training
from paddle_ner.tasks.metrics import GOLD, PREDICTED, TRUE_POSITIVES, Scores, ratios

_NAMES = 6  # the most frequent names that are listed


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """One label.

    Attributes:
        label: its name.
        scores: in [0, 1].
        interval: the interval of F1.
        errors: annotated items that are not found, and predicted ones that are wrong; an entity that is predicted with
            another label or span counts once, for its own label.
        trained: how often training has it; None if that is not known.
        kinds: the kinds of errors of its entities; an invented entity counts for its predicted label.
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
        right, predicted, gold = (int(sums[column, place]) for place in (TRUE_POSITIVES, PREDICTED, GOLD))
        its: Mapping[Kind, int] = kinds.get(label, {})
        figures.append(
            LabelFigures(
                label,
                ratios(right, predicted, gold),
                interval(f1(drawn[:, column])),
                sum(its.values()) if pairs else gold + predicted - 2 * right,
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
    """For each label the kinds of errors, the missed names and the wrong names."""
    kinds: dict[str, Counter[Kind]] = {}
    lost: dict[str, Counter[str]] = {}
    wrong: dict[str, Counter[str]] = {}
    for judgement, its in zip(judged, pairs):  # noqa: B905  # classes have no pairs
        for pair in its:
            if pair.kind == "right":
                continue
            if owner := pair.gold or pair.predicted:
                kinds.setdefault(owner.label, Counter())[pair.kind] += 1
            if pair.gold is not None:
                lost.setdefault(pair.gold.label, Counter())[judgement.surface(pair.gold)] += 1
            if pair.predicted is not None:
                wrong.setdefault(pair.predicted.label, Counter())[judgement.surface(pair.predicted)] += 1
    return kinds, lost, wrong
