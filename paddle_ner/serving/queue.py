"""The batching policy: what goes through an engine next. No model, no thread, no retry.

The next batch always contains the window at the front of the queue, so that nothing starves, and the windows closest to
it in length, as long as padding them together is cheaper than another call of the engine and the batch stays within a
budget of padded tokens. It is chosen from the front of the queue, a few budgets long, so that requests finish roughly
in the order in which they came. Clients take turns at the front (`fair.Lines`); the later windows of a client's long
text queue a little further back (`turn_of`). Windows that nobody waits for any more are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar

from paddle_ner.inference.planning import whole_rows
from paddle_ner.serving import fair

# The padding, in tokens, that is worth saving a call of the engine. A call costs more than that (about 64), but a
# window that does not go now will probably fit better into the next call.
CALL_TOKENS = 16
FULL_TOKENS = 512  # a batch of this many tokens is worth its call: from then on only windows without padding join it
# A window is long from this many tokens on, since attention's work grows with the square of its length. A batch of long
# windows has a quarter of the budget, and the later windows of a text let texts pass that came up to a second after it:
# a page of text does not hold up the sentences that follow it.
LONG_TOKENS = 256
TURN_TOKENS, TURN_SECONDS, LAST_TURN_SECONDS = 128, 0.1, 1.0
HORIZON = 4  # a batch is chosen from this many budgets of padded tokens at the front of the queue


class Entry(fair.Entry, Protocol):
    """A waiting window; `width` is the length that it is padded to."""

    @property
    def since(self) -> float:
        """When it was queued."""

    @property
    def goes_alone(self) -> bool:
        """Whether it must not share a batch."""


E = TypeVar("E", bound=Entry)


class Queue(Generic[E]):
    """The windows that wait for an engine. Not safe for threads: its owner holds a lock.

    Args:
        batch_tokens: padded tokens in a batch; a longer window goes alone.
        batch_delay: seconds that the oldest window may wait for others while an engine is free.
    """

    def __init__(self, batch_tokens: int, batch_delay: float) -> None:
        self._batch_tokens = batch_tokens
        self._batch_delay = batch_delay
        self._lines: fair.Lines[E] = fair.Lines()

    def __bool__(self) -> bool:
        return bool(self._lines)

    def tokens_of(self, client: str) -> int:
        """The waiting padded tokens of a client."""
        return self._lines.tokens_of(client)

    def put(self, entries: Iterable[E]) -> None:
        """Add windows, each at its turn."""
        self._lines.put(entries)

    def take(self, now: float) -> tuple[list[E], float | None]:
        """The next batch; or none, and the seconds until there is one (None: not before more windows are added)."""
        front = self._lines.front(now, HORIZON * self._batch_tokens)
        if not front:
            return [], None
        left = min(entry.since for entry in front) + self._batch_delay - now
        if left > 0 and sum(entry.width for entry in front) < self._batch_tokens:
            return [], left
        if front[0].goes_alone:
            batch = front[:1]
        else:
            sound = [entry for entry in front if not entry.goes_alone]
            batch = [sound[index] for index in choose([entry.width for entry in sound], self._batch_tokens)]
        self._lines.take(batch)
        return batch, None


def choose(widths: Sequence[int], budget: int) -> list[int]:
    """Which of the waiting windows go next: indices into `widths`, their padded tokens in the order of the queue.

    The first always goes, alone if necessary. From it the batch grows to both sides of the queue sorted by width, each
    time by the window that saves the most: the tokens of a separate call, minus the padding that it costs here. Once
    the batch is full enough, saving a call no longer counts.
    """
    order = sorted(range(len(widths)), key=widths.__getitem__)
    low = first = order.index(0)
    high = low + 1
    while True:
        rows, width = high - low, widths[order[high - 1]]
        best_saving, best_side = -1, 0
        for side, at in ((-1, low - 1), (1, high)):
            if not 0 <= at < len(order):
                continue
            alone = widths[order[at]]
            together = (rows + 1) * max(width, alone)
            share = budget if max(width, alone) < LONG_TOKENS else max(FULL_TOKENS, budget // 4)
            saving = alone + (CALL_TOKENS if rows * width < FULL_TOKENS else 0) - (together - rows * width)
            if together <= min(share, budget) and saving > best_saving:
                best_saving, best_side = saving, side
        if best_side == 0:
            # Only a few batch sizes are used: the longest windows stay in the queue, but never the first window.
            over = rows - whole_rows(rows)
            high -= (longest := min(over, high - first - 1))
            return order[low + over - longest : high]
        low, high = (low - 1, high) if best_side < 0 else (low, high + 1)


def turn_of(since: float, tokens: int) -> float:
    """The turn of a window that was encoded at `since`: windows after many `tokens` of their text let others pass."""
    return since + min(tokens // TURN_TOKENS * TURN_SECONDS, LAST_TURN_SECONDS)
