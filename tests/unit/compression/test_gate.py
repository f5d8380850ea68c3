"""What is refused, and for which reason."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_ner.bundle.compression import Kernels
from paddle_ner.compression import gate
from paddle_ner.tasks.metrics import Report, entity_report
from paddle_ner.types import Entity, Prediction

TEXT = "王明在北京"


def report(person: int, place: int) -> Report:
    """Of two labels with 100 gold entities each, so many of them found."""
    counts = np.array([[person, person, 100], [place, place, 100], [0, 0, 0]], dtype=np.int64)
    return entity_report(counts, ["PER", "LOC", "ORG"], examples=100)


def test_the_worst_label_is_the_one_whose_f1_fell_most() -> None:
    label, fall = gate.worst_label(report(90, 90), report(85, 70))
    assert label == "LOC" and fall == pytest.approx(2 * 90 / 190 - 2 * 70 / 170)


def test_no_label_is_the_worst_where_none_fell() -> None:
    assert gate.worst_label(report(80, 80), report(90, 80)) == (None, 0.0)


@pytest.mark.parametrize(
    ("after", "max_drop", "max_label_drop", "reason"),
    [
        (report(90, 90), 0.0, 0.0, ""),
        (report(95, 95), 0.0, 0.0, ""),
        (report(60, 60), 0.01, 1.0, "f1 fell by 19.74 points, allowed are 1"),
        (report(100, 75), 0.5, 0.05, "F1 of LOC fell by 9.02 points, allowed are 5"),
        (report(100, 75), 0.5, 0.5, ""),
    ],
)
def test_a_drop_beyond_what_is_allowed_is_refused(after, max_drop, max_label_drop, reason) -> None:
    assert gate.refusal(report(90, 90), after, max_drop, max_label_drop) == reason


def kernels(int8: int, total: int) -> Kernels:
    return Kernels(int8=int8, total=total, others=3, implementations=["brgemm"])


def test_every_product_with_a_weight_must_run_in_int8() -> None:
    assert gate.kernel_refusal(kernels(37, 37)) == ""
    assert gate.kernel_refusal(kernels(36, 37)) == "36 of 37 products with a weight ran in int8"
    assert gate.kernel_refusal(kernels(0, 0)) == "0 of 0 products with a weight ran in int8"


def found(label: str, score: float) -> Prediction:
    return Prediction(TEXT, entities=(Entity.of(TEXT, 0, 2, label, score),))


def test_the_digest_sees_labels_and_places_but_not_scores() -> None:
    assert gate.digest([found("PER", 0.91)]) == gate.digest([found("PER", 0.92)])
    assert gate.digest([found("PER", 0.91)]) != gate.digest([found("LOC", 0.91)])
    assert gate.digest([Prediction(TEXT, label="a")]) != gate.digest([Prediction(TEXT, label="b")])
    assert gate.digest([found("PER", 0.9), Prediction(TEXT, entities=())]) != gate.digest([found("PER", 0.9)])
