"""All connections of one server: how many there may be, how many per client, and how long each may take."""

from __future__ import annotations

import enum
import errno
import logging
import os
import resource
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from paddle_ner.serving.metrics import Closed, Metrics
from paddle_ner.serving.settings import Settings

logger = logging.getLogger(__name__)

SPARE = 32  # connections beyond the limit, on which probes are answered
_DESCRIPTORS = 64  # that the server needs in addition to its connections: models, logs, new bundles
_FEWEST = 4
_READ_RATE = 64 * 1024  # bytes per second that a client must read of its answer, in addition to `send_timeout`
_QUIET_SECONDS = 30.0  # between two equal log lines


class Connection(Protocol):
    """What this module needs from a connection."""

    address: str
    deadline: float | None

    @property
    def is_idle(self) -> bool:
        """Whether it has no request in progress."""

    @property
    def unsent(self) -> int:
        """Bytes of answers that the client has not read."""

    def expire(self) -> None:
        """The deadline has passed."""

    def drop(self) -> None:
        """Close it at once."""


class Place(enum.Enum):
    """Whether and how a new connection is accepted."""

    REGULAR = enum.auto()
    SPARE = enum.auto()  # for probes alone
    REFUSED = enum.auto()


class Connections:
    """The connections of one server. For the event loop's thread.

    Args:
        settings: of the server.
        metrics: counts open and closed connections.
        clock: the time in seconds; never runs backwards.
    """

    def __init__(self, settings: Settings, metrics: Metrics, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings
        self.clock = clock
        self._metrics = metrics
        self._bound = settings.max_connections
        self._client_bound = settings.max_client_connections
        self._open: dict[Connection, None] = {}  # in order of arrival
        self._regular: set[Connection] = set()
        self._of_address: Counter[str] = Counter()  # regular ones
        self._readers: dict[Connection, float] = {}  # deadlines of those that still have to read bytes
        self._said: dict[str, float] = {}
        self._unsaid: Counter[str] = Counter()
        metrics.watch_connections(lambda: len(self._open))

    def __len__(self) -> int:
        return len(self._open)

    def fit_descriptors(self) -> None:
        """Get file descriptors for all connections: raise the process's limit, or else lower our limit and say so."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self._bound + SPARE + _DESCRIPTORS + len(list(Path("/proc/self/fd").iterdir()))
        if soft < wanted:
            allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
            missing = wanted - max(soft, allowed)
            if missing > 0:
                self._bound = max(_FEWEST, self._bound - missing)
                logger.warning(
                    "the process may open %d files: the server takes %d connections, not %d; raise `ulimit -Hn`",
                    hard, self._bound, self.settings.max_connections,
                )  # fmt: skip

    # ------------------------------------------------------------------ coming and going

    def enter(self, connection: Connection) -> Place:
        """Find room for a new connection.

        If there is none, the connection without a request for the longest time is closed: one of the same client if
        that has reached its limit, otherwise one of the client with the most connections.
        """
        address = connection.address
        if self._of_address[address] >= self._client_bound:
            self._evict_idle(address)
        elif len(self._regular) >= self._bound:
            self._evict_idle(max(self._of_address, key=self._of_address.__getitem__))
        self._open[connection] = None
        if self._of_address[address] < self._client_bound and len(self._regular) < self._bound:
            self._regular.add(connection)
            self._of_address[address] += 1
            return Place.REGULAR
        self._metrics.closed("too_many")
        self._say("connections", "%d connections are open, %d from %s: more are refused", len(self._open),
                  self._of_address[address], address or "a Unix socket")  # fmt: skip
        if len(self._open) - len(self._regular) <= SPARE:
            return Place.SPARE
        return Place.REFUSED

    def leave(self, connection: Connection) -> None:
        """It has ended."""
        self._open.pop(connection, None)
        self._readers.pop(connection, None)
        self._release(connection)

    def _release(self, connection: Connection) -> None:
        if connection in self._regular:
            self._regular.remove(connection)
            self._of_address[connection.address] -= 1
            if not self._of_address[connection.address]:
                del self._of_address[connection.address]

    def _evict_idle(self, address: str) -> None:
        for connection in self._open:
            if connection.address == address and connection in self._regular and connection.is_idle:
                self._release(connection)
                self._metrics.closed("evicted")
                connection.drop()
                return

    def closed(self, reason: Closed) -> None:
        """Count a connection that the server ends."""
        self._metrics.closed(reason)

    # ------------------------------------------------------------------ once in a while

    def sweep(self) -> None:
        """Close connections that take too long and answers that nobody reads; check the file descriptors."""
        now = self.clock()
        unsent: dict[Connection, int] = {}
        for connection in list(self._open):
            if connection.deadline is not None and now >= connection.deadline:
                connection.expire()
            if size := connection.unsent:
                unsent[connection] = size
        self._end_unread(unsent, now)
        self._check_descriptors()

    def _end_unread(self, unsent: dict[Connection, int], now: float) -> None:
        self._readers = {
            connection: self._readers.get(connection, now + self.settings.send_timeout + size / _READ_RATE)
            for connection, size in unsent.items()
        }
        for connection, until in list(self._readers.items()):
            if now >= until:
                self._drop_reader(connection, unsent)
        while sum(unsent.values()) > self.settings.max_bodies_bytes:
            held: Counter[str] = Counter()
            for connection, size in unsent.items():
                held[connection.address] += size
            heaviest = max(held, key=held.__getitem__)
            self._drop_reader(max((c for c in unsent if c.address == heaviest), key=unsent.__getitem__), unsent)

    def _drop_reader(self, connection: Connection, unsent: dict[Connection, int]) -> None:
        del unsent[connection]
        self._readers.pop(connection, None)
        self._metrics.closed("answer_unread")
        connection.drop()

    def _check_descriptors(self) -> None:
        # uvloop silently closes a connection for which there is no descriptor (0.22).
        try:
            os.close(os.open(os.devnull, os.O_RDONLY))
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self._say("descriptors", "no file descriptor is left: new connections fail; raise `ulimit -n`")

    def _say(self, subject: str, message: str, *values: object) -> None:
        """Log a warning, but not again within half a minute."""
        now = self.clock()
        if now < self._said.get(subject, now):
            self._unsaid[subject] += 1
            return
        self._said[subject] = now + _QUIET_SECONDS
        times = self._unsaid.pop(subject, 0)
        logger.warning(message + (f" ({times} times more since this was last said)" if times else ""), *values)
