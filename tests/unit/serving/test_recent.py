from __future__ import annotations

import pytest

from paddle_ner.serving.recent import Recent


class Clock:
    def __init__(self) -> None:
        self.now = 50.5

    def __call__(self) -> float:
        return self.now


def test_the_rate_is_over_the_last_minute() -> None:
    clock = Clock()
    recent = Recent(clock)
    for _ in range(600):
        clock.now += 0.5
        recent.answered(6, 0.01)
    assert recent.texts_per_second() == pytest.approx(12, rel=0.02)
    clock.now += 30
    assert recent.texts_per_second() == pytest.approx(6, rel=0.05)
    clock.now += 31
    assert recent.texts_per_second() == 0


def test_the_rate_is_over_the_time_since_the_start_where_that_is_shorter() -> None:
    clock = Clock()
    recent = Recent(clock)
    clock.now += 10
    recent.answered(50, 0.01)
    assert recent.texts_per_second() == pytest.approx(5)


def test_percentiles_are_of_the_last_minute_and_near() -> None:
    clock = Clock()
    recent = Recent(clock)
    recent.answered(1, 9.0)
    clock.now += 61
    for milliseconds in range(1, 101):
        recent.answered(1, milliseconds / 1000)
    assert recent.latency(0.5) == pytest.approx(0.050, rel=0.06)
    assert recent.latency(0.95) == pytest.approx(0.095, rel=0.06)


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 1e9])
def test_any_time_is_counted(seconds: float) -> None:
    recent = Recent(Clock())
    recent.answered(1, seconds)
    assert recent.latency(0.5) is not None


def test_without_answers_there_is_no_latency() -> None:
    assert Recent(Clock()).latency(0.5) is None
