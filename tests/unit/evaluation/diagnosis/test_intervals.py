from __future__ import annotations

import numpy as np
import pytest

from paddle_ner.evaluation.diagnosis.intervals import f1, interval, resampled


def test_f1_of_counts() -> None:
    assert f1(np.array([[2, 3, 5], [0, 0, 0]])).tolist() == [0.5, 0.0]


def test_examples_that_are_alike_have_no_spread() -> None:
    drawn = f1(resampled(np.tile([1, 1, 2], (50, 1))))
    assert interval(drawn) == pytest.approx((2 / 3, 2 / 3))


def test_each_draw_has_as_many_examples_as_there_are_and_a_seed_gives_the_same() -> None:
    ones = np.ones((40, 1, 3), np.int64)
    assert (resampled(ones, draws=120) == 40).all() and resampled(ones, draws=120).shape == (120, 1, 3)
    several = np.arange(120).reshape(40, 3)
    assert (resampled(several) == resampled(several)).all() and not (
        resampled(several, seed=1) == resampled(several)
    ).all()


def test_the_interval_of_a_share_is_about_that_of_the_binomial() -> None:
    # 400 examples, half of them right: 0.5 ± 1.96 · sqrt(0.25 / 400) = 0.451 … 0.549
    counts = np.array([[1, 1, 1], [0, 1, 1]] * 200)
    assert interval(f1(resampled(counts))) == pytest.approx((0.451, 0.549), abs=0.006)
