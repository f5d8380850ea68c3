from __future__ import annotations

from paddle_ner.serving.rate import RateLimit


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def taken(limit: RateLimit, caller: str, times: int) -> int:
    return sum(limit.take(caller) is None for _ in range(times))


def test_a_burst_of_the_rate_passes_and_then_one_for_each_interval() -> None:
    clock = Clock()
    limit = RateLimit(4, clock)
    assert taken(limit, "a", 10) == 4
    clock.now += 0.25
    assert taken(limit, "a", 10) == 1
    clock.now += 100
    assert taken(limit, "a", 10) == 4


def test_a_rate_below_one_lets_one_pass_and_says_when_the_next() -> None:
    clock = Clock()
    limit = RateLimit(0.1, clock)
    assert limit.take("a") is None
    assert limit.take("a") == 10
    clock.now += 8.5
    assert limit.take("a") == 2
    clock.now += 1.5
    assert limit.take("a") is None


def test_a_fraction_is_rounded_up_for_the_burst_and_kept_for_the_rate() -> None:
    clock = Clock()
    limit = RateLimit(2.5, clock)
    assert taken(limit, "a", 10) == 3
    passed = 0
    for _ in range(100):
        clock.now += 0.1
        passed += limit.take("a") is None
    assert passed == 25


def test_callers_do_not_share() -> None:
    limit = RateLimit(1, Clock())
    assert [limit.take(caller) for caller in "aab"] == [None, 1, None]


def test_a_refused_request_takes_nothing() -> None:
    clock = Clock()
    limit = RateLimit(1, clock)
    for _ in range(50):
        limit.take("a")
    clock.now += 1
    assert limit.take("a") is None


def test_the_callers_that_are_remembered_are_bounded_and_the_latest_stay() -> None:
    limit = RateLimit(1, Clock(), callers=100)
    for number in range(5000):
        limit.take(str(number))
        limit.take("steady")
    assert len(limit) == 100
    assert limit.take("steady") == 1
