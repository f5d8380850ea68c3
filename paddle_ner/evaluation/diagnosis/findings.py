"""What stands out in a diagnosis, and therefore what to do next. The words for it are in the modules that show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from paddle_ner.evaluation.cutoff import best_f1
from paddle_ner.evaluation.diagnosis.diagnose import Diagnosis
from paddle_ner.evaluation.diagnosis.labels import LabelFigures
from paddle_ner.evaluation.diagnosis.slices import Slice

LOW = 0.6  # a score below which the basics come first
_WIDE = 0.08  # a wider interval of the score says too little
_FEW = 50  # examples of a label in training
_FEWEST = 20  # items that a part must have to be judged
_GAP = 0.1  # by which a part is clearly worse
_SHARES = {"missed": 0.45, "invented": 0.3, "borders": 0.25, "type": 0.25}  # of all errors
_GAIN = 0.01  # of F1, from which on a threshold is worthwhile
_REPEATED = 0.01  # of the examples, from which on the score is too good
_ERROR = 0.1  # of calibration


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to act on.

    Attributes:
        name: what it is.
        values: the figures and names that its words need; shares and scores from 0 to 1.
    """

    name: str
    values: Mapping[str, str | int | float]


def findings(diagnosis: Diagnosis) -> list[Finding]:
    """What to do next, the most helpful first; empty if everything is right."""
    return [
        *_low(diagnosis),
        *_worst_label(diagnosis),
        *_few(diagnosis),
        *_kinds(diagnosis),
        *_unseen(diagnosis),
        *_repeated(diagnosis),
        *_length(diagnosis),
        *_least_score(diagnosis),
        *_calibration(diagnosis),
        *_wide(diagnosis),
    ]


def order_to_label(diagnosis: Diagnosis) -> list[LabelFigures]:
    """Labels with errors, the one with the most first."""
    return sorted((figures for figures in diagnosis.labels if figures.errors), key=lambda figures: -figures.errors)


def _low(diagnosis: Diagnosis) -> Iterator[Finding]:
    if diagnosis.report.value < LOW:
        yield Finding("low", {"value": diagnosis.report.value})


def _worst_label(diagnosis: Diagnosis) -> Iterator[Finding]:
    ranked = order_to_label(diagnosis)
    total = sum(figures.errors for figures in ranked)
    if total and len(diagnosis.labels) > 1:
        worst = ranked[0]
        confused: Mapping[str, str | int | float] = {}
        name = "worst label" if diagnosis.pairs is None else "worst type"
        if diagnosis.pairs is None and diagnosis.confusion is not None:
            name, confused = "worst class", _most_confused(diagnosis.labels, diagnosis.confusion)
        share = worst.errors / total
        yield Finding(name, {"label": worst.label, "share": share, "f1": worst.scores.f1, **confused})


def _few(diagnosis: Diagnosis) -> Iterator[Finding]:
    few = [figures for figures in diagnosis.labels if figures.trained is not None and figures.trained < _FEW]
    if few:
        names = ", ".join(f"{figures.label} ({figures.trained})" for figures in few)
        yield Finding("few", {"labels": names, "least": _FEW})


def _kinds(diagnosis: Diagnosis) -> Iterator[Finding]:
    errors = [pair for its in diagnosis.pairs or () for pair in its if pair.kind != "right"]
    if len(errors) < _FEWEST:
        return
    for kind, least in _SHARES.items():
        share = sum(pair.kind == kind for pair in errors) / len(errors)
        if share >= least:
            confused = _most_confused(diagnosis.labels, diagnosis.confusion or ()) if kind == "type" else {}
            yield Finding(kind, {"share": share, **confused})


def _most_confused(labels: Sequence[LabelFigures], confusion: Sequence[Sequence[int]]) -> dict[str, str | int | float]:
    """The label that is most often taken for another, that other label, and how often."""
    cells = {
        (gold.label, predicted.label): confusion[row][column]
        for row, gold in enumerate(labels)
        for column, predicted in enumerate(labels)
        if row != column
    }
    gold, predicted = max(cells, key=cells.__getitem__)
    return {"gold": gold, "found": predicted, "count": cells[gold, predicted]}


def _unseen(diagnosis: Diagnosis) -> Iterator[Finding]:
    parts = {part.name: part for part in diagnosis.seen}
    seen, unseen = parts.get("seen"), parts.get("unseen")
    if seen and unseen and diagnosis.pairs is not None and _clearly_worse(unseen, seen):
        yield Finding("unseen", {"seen": seen.scores.recall, "unseen": unseen.scores.recall})


def _repeated(diagnosis: Diagnosis) -> Iterator[Finding]:
    if diagnosis.repeated and diagnosis.repeated >= _REPEATED * diagnosis.report.examples:
        yield Finding("repeated", {"count": diagnosis.repeated})


def _length(diagnosis: Diagnosis) -> Iterator[Finding]:
    parts = [part for part in diagnosis.lengths if part.scores.support >= _FEWEST]
    if len(parts) > 1:
        best, worst = (choose(parts, key=lambda part: part.scores.f1) for choose in (max, min))
        if best.scores.f1 - worst.scores.f1 > _GAP and worst.interval.high < best.interval.low:
            yield Finding("length", {"worst": worst.name, "f1": worst.scores.f1, "best": best.scores.f1})


def _clearly_worse(part: Slice, than: Slice) -> bool:
    enough = min(part.scores.support, than.scores.support) >= _FEWEST
    return enough and than.scores.recall - part.scores.recall > _GAP


def _least_score(diagnosis: Diagnosis) -> Iterator[Finding]:
    if diagnosis.pairs is None or len(diagnosis.choices) < _FEWEST:
        return
    best = best_f1(diagnosis.choices)
    if best.scores.f1 - diagnosis.report.value > _GAIN:
        yield Finding("least score", {"score": best.min_score, "f1": best.scores.f1})


def _calibration(diagnosis: Diagnosis) -> Iterator[Finding]:
    if sum(bin_.count for bin_ in diagnosis.bins) >= _FEWEST and diagnosis.calibration > _ERROR:
        name = "calibration" if diagnosis.pairs is not None else "calibration of classes"
        yield Finding(name, {"error": diagnosis.calibration})


def _wide(diagnosis: Diagnosis) -> Iterator[Finding]:
    width = diagnosis.interval.high - diagnosis.interval.low
    if width > _WIDE:
        wanted = round(diagnosis.report.examples * (width / (_WIDE / 2)) ** 2, -2)
        yield Finding(
            "wide",
            {"low": diagnosis.interval.low, "high": diagnosis.interval.high, "examples": int(wanted)},
        )
