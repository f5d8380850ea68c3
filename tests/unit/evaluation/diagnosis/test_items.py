from __future__ import annotations

import pytest

from paddle_ner.evaluation.diagnosis.items import Item, counts, judge, label_of
from paddle_ner.types import Example, Prediction
from tests.unit.evaluation.diagnosis.diagnosis_builders import answer, example


def test_entities_are_counted_by_example_and_label() -> None:
    judged = judge(
        [example((0, 3, "PER"), (4, 8, "ORG")), example()],
        [answer((0, 3, "PER", 0.9), (4, 6, "LOC", 0.4)), answer((0, 1, "LOC", 0.2))],
    )
    # true positives, predicted, gold
    assert counts(judged, ["PER", "LOC", "ORG"], label_of).tolist() == [
        [[1, 1, 1], [0, 1, 0], [0, 0, 1]],
        [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    ]


def test_an_entity_that_is_given_twice_counts_once_with_its_higher_score() -> None:
    (one,) = judge([example()], [answer((0, 3, "PER", 0.2), (0, 3, "PER", 0.7))])
    assert one.predicted == {Item(0, 3, "PER"): 0.7}


def test_a_class_is_an_item_over_the_whole_text() -> None:
    (one,) = judge([Example("好书", label="a")], [Prediction("好书", label="b", scores={"b": 0.7, "a": 0.3})])
    assert (one.gold, one.predicted, one.candidates) == ({(0, 2, "a")}, {(0, 2, "b"): 0.7}, {(0, 2, "b"): 0.7})


def test_of_several_classes_those_below_the_threshold_are_candidates() -> None:
    scores = {"a": 0.7, "b": 0.4}
    (one,) = judge([Example("好", labels=("a", "b"))], [Prediction("好", labels=("a",), scores=scores)])
    assert one.predicted == {(0, 1, "a"): 0.7} and one.candidates == {(0, 1, "a"): 0.7, (0, 1, "b"): 0.4}


def test_the_surer_a_wrong_answer_the_worse() -> None:
    gold = example((0, 3, "PER"))
    wrong, missed, right = judge([gold, gold, gold], [answer((0, 2, "PER", 0.9)), answer(), answer((0, 3, "PER", 0.1))])
    assert [one.badness for one in (wrong, missed, right)] == [pytest.approx(1.9), 1.0, 0.0]
    (classes,) = judge([Example("好", label="a")], [Prediction("好", label="b", scores={"b": 0.7, "a": 0.3})])
    assert classes.badness == pytest.approx(1.4)
    assert [one.is_right for one in (wrong, missed, right)] == [False, False, True]
