from __future__ import annotations

import pytest

from paddle_ner.evaluation.diagnosis.calibration import Bin, bins, expected_error, given
from paddle_ner.evaluation.diagnosis.items import judge
from tests.unit.evaluation.diagnosis.diagnosis_builders import answer, example


def test_bins_and_their_expected_error() -> None:
    scored = [(0.9, True), (0.95, False), (1.0, True), (0.2, False), (0.25, False)]
    parts = bins(scored)
    assert [(one.low, one.high, one.count) for one in parts] == [(0.2, 0.3, 2), (0.9, 1.0, 3)]
    assert [(one.score, one.right) for one in parts] == [pytest.approx((0.225, 0)), pytest.approx((0.95, 2 / 3))]
    assert expected_error(parts) == pytest.approx(2 / 5 * 0.225 + 3 / 5 * (0.95 - 2 / 3))


def test_a_score_at_a_border_is_in_the_upper_bin() -> None:
    assert bins([(0.5, True)], 2) == [Bin(0.5, 1.0, 1, 0.5, 1.0)]


def test_nothing_given_has_no_error() -> None:
    assert bins([]) == [] and expected_error([]) == 0


def test_all_that_a_model_gives_counts() -> None:
    judged = judge([example((0, 3, "PER"))], [answer((0, 3, "PER", 0.9), (4, 6, "LOC", 0.4))])
    assert given(judged) == [(0.9, True), (0.4, False)]
