from __future__ import annotations

import numpy as np
import pytest

from paddle_ner.evaluation.diagnosis.items import judge
from paddle_ner.evaluation.diagnosis.significance import compare, mcnemar, randomization
from paddle_ner.types import Example, Prediction
from tests.unit.evaluation.diagnosis.diagnosis_builders import answer, example


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [
        (0, 0, 1.0),
        (5, 5, 1.0),
        (0, 5, 2 / 2**5),
        (1, 9, 2 * (1 + 10) / 2**10),
        (10, 2, 2 * (1 + 12 + 66) / 2**12),
    ],
)
def test_mcnemar(first: int, second: int, p: float) -> None:
    assert mcnemar(first, second) == pytest.approx(p) == mcnemar(second, first)


def test_mcnemar_of_many_examples_is_no_overflow() -> None:
    assert 0 < mcnemar(5000, 6000) < 1e-20


def test_models_that_are_alike_differ_by_chance() -> None:
    counts = np.array([[1, 1, 1], [0, 1, 1]] * 5)
    assert randomization(counts, counts) == 1.0


def test_swapping_all_of_few_answers() -> None:
    # Of four examples one model has all, the other none: only the swaps of none and of all differ as much, 2 of 16.
    right, wrong = np.array([[1, 1, 1]] * 4), np.array([[0, 1, 1]] * 4)
    assert randomization(right, wrong) == pytest.approx(2 / 16, abs=0.02)


def test_a_great_difference_on_many_examples_is_no_chance() -> None:
    right, wrong = np.array([[1, 1, 1]] * 50), np.array([[0, 1, 1]] * 50)
    assert randomization(right, wrong, rounds=999) == 1 / 1000


def test_entities_of_two_models() -> None:
    gold = [example((0, 3, "PER"), (4, 6, "LOC"))] * 20
    ours = judge(gold, [answer((0, 3, "PER", 0.9), (4, 6, "LOC", 0.9))] * 20)
    other = judge(gold, [answer((0, 3, "PER", 0.9), (4, 8, "LOC", 0.9))] * 20)
    found = compare(ours, other, ["PER", "LOC"])
    assert (found.overall.ours, found.overall.other, found.overall.interval) == (1.0, 0.5, (0.5, 0.5))
    assert [(one.label, one.ours, one.other) for one in found.by_label] == [("PER", 1, 1), ("LOC", 1, 0)]
    assert (found.test, found.only_ours, found.only_other) == ("randomization", 20, 0) and found.p < 0.001


def test_a_label_that_only_the_other_model_has_is_counted() -> None:
    gold = [example((0, 3, "PER"))] * 5
    ours = judge(gold, [answer((0, 3, "PER", 0.9))] * 5)
    other = judge(gold, [answer((0, 3, "PER", 0.9), (4, 8, "SCHOOL", 0.9))] * 5)
    found = compare(ours, other, ["PER"])
    assert found.overall.other == pytest.approx(2 / 3) and [one.label for one in found.by_label] == ["PER", "SCHOOL"]


def test_one_class_is_tested_by_mcnemar() -> None:
    gold = [Example("a", label="x")] * 6
    right, wrong = Prediction("a", label="x"), Prediction("a", label="y")
    found = compare(judge(gold, [right] * 5 + [wrong]), judge(gold, [wrong] * 6), ["x", "y"])
    assert (found.test, found.p, found.only_ours) == ("mcnemar", pytest.approx(2 / 2**5), 5)
    assert (found.overall.ours, found.overall.other) == (pytest.approx(5 / 6), 0)
