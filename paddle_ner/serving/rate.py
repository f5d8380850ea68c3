"""How many requests per second each caller may make."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

_CALLERS = 10_000  # callers that are remembered; beyond that the one that came longest ago is forgotten


class RateLimit:
    """A token bucket for each caller: `rate` tokens per second, with room for `rate` of them, rounded up.

    A bucket is kept as one number, the time at which it will be full again.

    Args:
        rate: requests per second.
        clock: the time in seconds; never runs backwards.
        callers: how many are remembered.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic, callers: int = _CALLERS) -> None:
        self._interval = 1 / rate
        self._room = math.ceil(rate) * self._interval
        self._clock = clock
        self._callers = callers
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, caller: str) -> int | None:
        """Take a token of the caller: None if there was one, otherwise the seconds until there is."""
        now = self._clock()
        full_at = max(now, self._full_at.get(caller, now)) + self._interval
        late = full_at - now - self._room
        if late > 1e-9:
            return math.ceil(late)
        self._full_at[caller] = full_at
        self._full_at.move_to_end(caller)
        while len(self._full_at) > self._callers:
            self._full_at.popitem(last=False)
        return None
