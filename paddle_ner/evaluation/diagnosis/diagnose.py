"""The diagnosis of a model on labelled examples, in one object."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from paddle_ner.evaluation.cutoff import Choice, sweep
from paddle_ner.evaluation.diagnosis import slices
from paddle_ner.evaluation.diagnosis.calibration import Bin, bins, expected_error, given
from paddle_ner.evaluation.diagnosis.intervals import Interval
from paddle_ner.evaluation.diagnosis.items import Judged, judge
from paddle_ner.evaluation.diagnosis.labels import LabelFigures, by_label
from paddle_ner.evaluation.diagnosis.pairs import Pair, SchemeScores, confusion, match, schemes
from paddle_ner.evaluation.diagnosis.significance import Comparison, compare
from paddle_ner.evaluation.diagnosis.slices import Slice
from paddle_ner.evaluation.diagnosis.training import Training
from paddle_ner.tasks.metrics import Report
from paddle_ner.types import Example, Prediction


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A model on labelled examples.

    Attributes:
        report: the metrics.
        interval: the confidence interval of the metric's value.
        judged: each example beside its answer.
        labels: figures by label.
        pairs: for each example, what each entity was taken for; None for classes.
        schemes: scores of entities by four ways to count; empty for classes.
        confusion: gold in rows, found in columns, in the order of `labels`; for entities with a last row for invented
            and a last column for missed ones. None for several classes.
        choices: precision and recall by the least score.
        bins: scores beside shares of right answers.
        calibration: the expected calibration error, in [0, 1].
        lengths: by the length of the text.
        seen: by whether training had it; empty if training is not known.
        times: by how often training had it; also empty for classes.
        repeated: examples whose text is in training too; None if that is not known.
        worst: indices in `judged` of examples with errors, the worst first.
        comparison: with another model; None if there is none.
        other: its answers.
    """

    report: Report
    interval: Interval
    judged: tuple[Judged, ...]
    labels: tuple[LabelFigures, ...]
    pairs: tuple[tuple[Pair, ...], ...] | None
    schemes: dict[str, SchemeScores]
    confusion: tuple[tuple[int, ...], ...] | None
    choices: tuple[Choice, ...]
    bins: tuple[Bin, ...]
    calibration: float
    lengths: tuple[Slice, ...]
    seen: tuple[Slice, ...]
    times: tuple[Slice, ...]
    repeated: int | None
    worst: tuple[int, ...]
    comparison: Comparison | None
    other: tuple[Judged, ...] | None

    def to_dict(self) -> dict[str, Any]:
        """JSON form, without the texts."""
        record = self.report.to_dict()
        record["interval"] = list(self.interval)
        record["labels"] = [asdict(figures) for figures in self.labels]
        if self.pairs is not None:
            record["schemes"] = {name: asdict(scores) for name, scores in self.schemes.items()}
            record["confusion"] = {
                "rows": [list(row) for row in self.confusion or ()],
                "labels": [*(figures.label for figures in self.labels), None],
            }
        record["calibration"] = {"error": self.calibration, "bins": [asdict(bin_) for bin_ in self.bins]}
        for name in ("lengths", "seen", "times"):
            record[name] = [asdict(part) for part in getattr(self, name)]
        record["repeated"] = self.repeated
        record["comparison"] = None if self.comparison is None else asdict(self.comparison)
        return record


def diagnose(
    report: Report,
    examples: Sequence[Example],
    answers: Sequence[Prediction],
    training: Training | None = None,
    other: Sequence[Prediction] | None = None,
) -> Diagnosis:
    """What a model gets wrong, and where.

    Args:
        report: the report of the answers; only its labels are diagnosed.
        examples: labelled.
        answers: the answers of the model, in their order.
        training: what the model saw; None if that is not known.
        other: answers of a model to compare with.
    """
    labels = list(report.per_label)
    judged = judge(examples, answers)
    entities = any(judgement.answer.entities is not None for judgement in judged)
    pairs = [match(judgement.gold, judgement.predicted) for judgement in judged] if entities else []
    figures, spread = by_label(judged, pairs, labels, training)
    scored = [(score, item in judgement.gold) for judgement in judged for item, score in judgement.candidates.items()]
    parts = bins(given(judged))
    flat = [pair for its in pairs for pair in its]
    table = tuple(tuple(map(int, row)) for row in confusion(flat, labels)) if entities else report.confusion
    wrong = [place for place, judgement in enumerate(judged) if not judgement.is_right]
    others = None if other is None else judge(examples, other)
    return Diagnosis(
        report=report,
        interval=spread,
        judged=tuple(judged),
        labels=tuple(figures),
        pairs=tuple(map(tuple, pairs)) if entities else None,
        schemes=schemes(flat) if entities else {},
        confusion=table,
        choices=tuple(sweep(scored, sum(len(judgement.gold) for judgement in judged))),
        bins=tuple(parts),
        calibration=expected_error(parts),
        lengths=tuple(slices.by_length(judged)),
        seen=() if training is None else tuple(slices.by_seen(judged, training)),
        times=() if training is None or not entities else tuple(slices.by_times(judged, training)),
        repeated=None if training is None else sum(example.text in training.texts for example in examples),
        worst=tuple(sorted(wrong, key=lambda place: -judged[place].badness)),
        comparison=None if others is None else compare(judged, others, labels),
        other=None if others is None else tuple(others),
    )
