"""Which quantizations are tried, and in which order: cheap and promising ones first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from paddle_ner.bundle.compression import Plan

# The first three look at each activation once or twice; the others try dozens of thresholds on each.
ALGORITHMS = ("avg", "hist", "abs_max", "emd", "mse", "KL")
SIZES = (128, 32, 512)  # windows; the other choices are made with the first
COUNT = len(ALGORITHMS) + 1 + len(SIZES)


def promising(best: Callable[[Sequence[Plan]], Plan | None], available: int) -> Iterator[Plan]:
    """The plans to try: choices are made one after the other, each with the best of the choices before.

    There would be many times as many combinations, and their thresholds differ little. The algorithm comes first, then
    the granularity of weights, the size of the calibration set, and the operations.

    Args:
        best: returns the best of the plans that were tried; None if all of them failed.
        available: number of windows in the calibration set; larger sizes are left out.
    """
    tried: list[Plan] = []

    def step(plans: Sequence[Plan]) -> Iterator[Plan]:
        for plan in plans:
            if plan not in tried:
                tried.append(plan)
                yield plan

    sizes = list(dict.fromkeys(min(size, available) for size in SIZES))
    first = Plan(windows=sizes[0])
    yield from step([first.model_copy(update={"algorithm": name}) for name in ALGORITHMS])
    for field, values in (("granularity", ("channel",)), ("windows", sizes[1:]), ("operations", ("values",))):
        chosen = best(tried) or first
        yield from step([chosen.model_copy(update={field: value}) for value in values])
