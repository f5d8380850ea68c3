"""How clients share scarce resources: room in the queue, and the order of service. No model, no thread.

A client is an API key, or without keys an address. Its use is counted in tokens, not in texts or requests, so that long
texts count what they cost.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heapreplace
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

_TURN = attrgetter("turn")


class Shares:
    """A limit that clients share: even a client that reaches it alone leaves a share of it to all others.

    Together they have at most `bound`. When that is reached, a client still gets up to the limit divided by the number
    of clients, so that nobody is refused because of somebody else.
    """

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._held: dict[str, int] = {}
        self.total = 0

    def of(self, client: str) -> int:
        """What a client holds."""
        return self._held.get(client, 0)

    def fits(self, client: str, amount: int) -> bool:
        """Whether a client may have this much more."""
        clients = len(self._held) + (client not in self._held)
        return self.total + amount <= self._bound or self.of(client) + amount <= self._bound // clients

    def before(self, client: str, amount: int) -> int:
        """How much is served before this much more of a client: its own, and at most that much of each other client."""
        own = self.of(client)
        others = (held for name, held in self._held.items() if name != client)
        return own + sum(min(held, own + amount) for held in others)

    def add(self, client: str, amount: int) -> None:
        """Note that the client holds this much more."""
        self._held[client] = self.of(client) + amount
        self.total += amount

    def remove(self, client: str, amount: int) -> None:
        """Note that the client holds this much less."""
        self._held[client] -= amount
        self.total -= amount
        if not self._held[client]:
            del self._held[client]


class Entry(Protocol):
    """An entry that waits in line."""

    @property
    def client(self) -> str:
        """Whose it is."""

    @property
    def width(self) -> int:
        """The tokens that it costs."""

    @property
    def turn(self) -> float:
        """Its position among the entries of its client."""

    def is_wanted(self, now: float, /) -> bool:
        """Whether anybody still waits for it."""


E = TypeVar("E", bound=Entry)


class _Line(Generic[E]):
    """The waiting entries of a client, and the tokens that it was served, on the clock of all lines."""

    __slots__ = ("entries", "seen", "served", "tokens")

    def __init__(self, served: float) -> None:
        self.entries: list[E] = []  # in order of their turns
        self.tokens = 0
        self.served = served
        self.seen = 0  # entries from the front that `Lines.front` has given

    def next(self, now: float) -> E | None:
        """The next entry that was not given yet; earlier ones that nobody wants any more are dropped."""
        end = start = self.seen
        while end < len(self.entries) and not self.entries[end].is_wanted(now):
            end += 1
        if end > start:
            self.tokens -= sum(entry.width for entry in self.entries[start:end])
            del self.entries[start:end]
        if start == len(self.entries):
            return None
        self.seen += 1
        return self.entries[start]


class Lines(Generic[E]):
    """A line for each client, served in turns: next is the client that was served the fewest tokens.

    A new client starts level with the client that is being served, so that nobody saves up turns. Not safe for
    threads.
    """

    def __init__(self) -> None:
        self._lines: dict[str, _Line[E]] = {}
        self._clock = 0.0  # tokens that the current client was served before

    def __bool__(self) -> bool:
        return any(line.entries for line in self._lines.values())

    def tokens_of(self, client: str) -> int:
        """The waiting tokens of a client."""
        line = self._lines.get(client)
        return line.tokens if line else 0

    def put(self, entries: Iterable[E]) -> None:
        """Add entries, each to its client's line at its turn."""
        for entry in entries:
            line = self._lines.get(entry.client)
            if line is None:
                line = self._lines[entry.client] = _Line(self._clock)
            elif not line.entries:
                line.served = max(line.served, self._clock)
            insort(line.entries, entry, key=_TURN)
            line.tokens += entry.width

    def front(self, now: float, tokens: int, is_served: Callable[[str], bool] = lambda client: True) -> list[E]:
        """The next entries in order, up to `tokens`. Clients that are not served now keep their places."""
        front: list[E] = []
        turns = []
        for number, (client, line) in enumerate(self._lines.items()):
            line.seen = 0
            if line.entries and is_served(client):
                turns.append((line.served, number, line))
        heapify(turns)
        while turns and tokens > 0:
            served, number, line = turns[0]
            entry = line.next(now)
            if entry is None:
                heappop(turns)
                continue
            front.append(entry)
            tokens -= entry.width
            heapreplace(turns, (served + entry.width, number, line))
        return front

    def take(self, entries: Iterable[E]) -> None:
        """Remove entries that `front` has just returned: they are served now."""
        taken = set(entries)
        self._clock = max(self._clock, min(self._lines[entry.client].served for entry in taken))
        for entry in taken:
            line = self._lines[entry.client]
            line.served += entry.width
            line.tokens -= entry.width
        for line in self._lines.values():
            line.entries[: line.seen] = [entry for entry in line.entries[: line.seen] if entry not in taken]
            line.seen = 0
        # An empty line is only kept while its client was served more than others.
        if not self:
            self._lines.clear()
            self._clock = 0.0
        elif len(self._lines) > 1:
            ended = [name for name, line in self._lines.items() if not line.entries and line.served <= self._clock]
            for name in ended:
                del self._lines[name]
