"""What is refused, and for which reason; which answers count as the same."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from paddle_ner.errors import GateError
from paddle_ner.evaluation.gate import agreement, compare, digest, is_allowed, require
from paddle_ner.tasks.metrics import Report, entity_report
from paddle_ner.types import Entity, Prediction

TEXT = "王小明在北京"


def report(person: int, place: int) -> Report:
    """Of two labels with 100 gold entities each, so many of them found."""
    counts = np.array([[person, person, 100], [place, place, 100], [0, 0, 0]], dtype=np.int64)
    return entity_report(counts, ["PER", "LOC", "ORG"], examples=100)


def test_the_worst_label_is_the_one_whose_f1_fell_most() -> None:
    found = compare(report(90, 90), report(85, 70), 1.0)
    assert found.worst_label == "LOC" and found.worst_drop == pytest.approx(2 * 90 / 190 - 2 * 70 / 170)


def test_no_label_is_the_worst_where_none_fell() -> None:
    found = compare(report(80, 80), report(90, 80), 1.0)
    assert (found.worst_label, found.worst_drop) == (None, 0.0) and found.drop < 0


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
def test_a_drop_beyond_what_is_allowed_is_refused(
    after: Report, max_drop: float, max_label_drop: float, reason: str
) -> None:
    assert compare(report(90, 90), after, max_drop, max_label_drop).refused == reason


def not_a_number(place: str) -> tuple[Report, Report]:
    whole = report(90, 90)
    broken = dataclasses.replace(whole, value=float("nan"))
    return (broken, whole) if place == "before" else (whole, broken)


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_score_that_is_not_a_number_is_refused_whatever_is_allowed(place: str) -> None:
    before, after = not_a_number(place)
    assert compare(before, after, float("inf")).refused == "f1 is not a number"
    with pytest.raises(GateError, match="int8: f1 is not a number"):
        require("int8", before, after, 1.0)


def test_a_refusal_says_what_was_scored_and_how() -> None:
    with pytest.raises(GateError) as error:
        require("int8", report(90, 90), report(60, 60), 0.01)
    assert str(error.value) == (
        "int8: f1 fell by 19.74 points, allowed are 1 (from 94.74 to 75.00 on 100 examples); nothing was written"
    )
    assert require("int8", report(90, 90), report(95, 95), 0.0) < 0


def test_a_drop_that_nobody_measured_is_not_allowed() -> None:
    assert is_allowed(0.5, 0.5)
    assert not is_allowed(0.6, 0.5) and not is_allowed(None, 1.0) and not is_allowed(float("nan"), 1.0)


def found(*spans: tuple[int, int, str], score: float = 0.9) -> Prediction:
    return Prediction(TEXT, entities=tuple(Entity.of(TEXT, *span, score) for span in spans))


def test_scores_do_not_count_but_every_span_and_label_does() -> None:
    one = found((0, 3, "PER"), (4, 6, "LOC"))
    others = [found((0, 3, "PER"), (4, 6, "LOC"), score=0.5), found((0, 3, "PER")), found((0, 3, "PER"), (4, 6, "ORG"))]
    assert agreement([one] * 3, others) == pytest.approx(1 / 3)


def test_classes_agree_in_any_order() -> None:
    one, other = Prediction(TEXT, labels=("a", "b")), Prediction(TEXT, labels=("b", "a"))
    assert agreement([one, Prediction(TEXT, label="a")], [other, Prediction(TEXT, label="b")]) == 0.5
    assert digest([one]) == digest([other])


def test_answers_to_other_texts_are_not_compared() -> None:
    with pytest.raises(ValueError, match="shorter"):
        agreement([found()], [])


def test_the_digest_sees_labels_and_places_but_not_scores() -> None:
    person, place = (0, 2, "PER"), (0, 2, "LOC")
    assert digest([found(person, score=0.91)]) == digest([found(person, score=0.92)])
    assert digest([found(person)]) != digest([found(place)])
    assert digest([Prediction(TEXT, label="a")]) != digest([Prediction(TEXT, label="b")])
    assert digest([found(person), found()]) != digest([found(person)])
