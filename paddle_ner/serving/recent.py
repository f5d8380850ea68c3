"""How much was answered in the last minute, and how quickly. Costs the same for any number of requests."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

SECONDS = 60
# Latencies are counted in bins that grow by a tenth each, so that a percentile is off by 5 % at most.
_FIRST, _GROWTH, _BINS = 1e-4, 1.1, 160


@dataclass(slots=True)
class _Slice:
    """What was answered in one second."""

    second: int
    texts: int = 0
    bins: dict[int, int] = field(default_factory=dict)


class Recent:
    """Requests of the last 60 seconds, or since the start if that is shorter.

    Args:
        clock: the time in seconds; never runs backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._slices: deque[_Slice] = deque()

    def answered(self, texts: int, seconds: float) -> None:
        """Note that a request with `texts` texts was answered after `seconds`."""
        second = int(self._clock())
        if not self._slices or self._slices[-1].second != second:
            self._forget(second)
            self._slices.append(_Slice(second))
        latest = self._slices[-1]
        bin_index = min(_BINS, max(0, math.ceil(math.log(max(seconds, _FIRST) / _FIRST, _GROWTH))))
        latest.texts += texts
        latest.bins[bin_index] = latest.bins.get(bin_index, 0) + 1

    def texts_per_second(self) -> float:
        """Answered texts per second."""
        now = self._clock()
        self._forget(int(now))
        span = min(SECONDS, max(1.0, now - self._since))
        return sum(second.texts for second in self._slices) / span

    def latency(self, share: float) -> float | None:
        """Seconds within which this share (0 to 1) of the requests was answered; None without requests."""
        self._forget(int(self._clock()))
        bins: dict[int, int] = {}
        for second in self._slices:
            for index, count in second.bins.items():
                bins[index] = bins.get(index, 0) + count
        wanted = share * sum(bins.values())
        passed = 0
        for index in sorted(bins):
            passed += bins[index]
            if passed >= wanted:
                return _FIRST * math.pow(_GROWTH, index - 0.5)  # the middle of the bin
        return None

    def _forget(self, second: int) -> None:
        while self._slices and self._slices[0].second <= second - SECONDS:
            self._slices.popleft()
