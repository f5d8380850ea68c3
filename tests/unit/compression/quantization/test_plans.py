"""Plans follow one another from what was best so far."""

from __future__ import annotations

from collections.abc import Sequence

from paddle_ner.bundle.compression import Plan
from paddle_ner.compression.quantization.plans import ALGORITHMS, COUNT, promising


def test_each_choice_is_made_with_the_best_of_those_before() -> None:
    def best(tried: Sequence[Plan]) -> Plan:
        return max(tried, key=lambda plan: (plan.algorithm == "mse", plan.granularity == "channel", plan.windows))

    found = list(promising(best, available=10_000))
    assert len(found) == COUNT and len(set(found)) == COUNT
    assert [plan.algorithm for plan in found[: len(ALGORITHMS)]] == list(ALGORITHMS)
    assert found[-1] == Plan(algorithm="mse", granularity="channel", windows=512, operations="values")


def test_where_all_failed_the_first_is_varied() -> None:
    assert {plan.algorithm for plan in list(promising(lambda _: None, 10_000))[len(ALGORITHMS) :]} == {"avg"}


def test_a_small_calibration_set_is_used_whole_and_once() -> None:
    sizes = [plan.windows for plan in promising(lambda tried: tried[0], available=20)]
    assert set(sizes) == {20} and len(sizes) == len(ALGORITHMS) + 2


def test_no_plan_of_the_search_quantizes_the_mask() -> None:
    assert all(plan.operations != "every" for plan in promising(lambda tried: tried[-1], available=1000))
