"""Whether a training process should end: a signal came, or the command that started it is gone."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

from paddle_ner.errors import InterruptedRun
from paddle_ner.training.launch import SUPERVISOR

_POLL = 1.0  # seconds between two looks at the supervisor


class Stop:
    """Asked after each update whether the run should end.

    A process whose supervisor was killed ends by itself: once updates are made, it saves the state that it reached;
    before, there is nothing to save, and it ends at once, whatever it is busy with.
    """

    def __init__(self) -> None:
        self._signalled = threading.Event()
        self._training = threading.Event()
        self._supervisor = int(os.environ.get(SUPERVISOR, "0"))
        self._parent = os.getppid()
        self.listen()

    def listen(self) -> None:
        """Handle SIGTERM and SIGINT. Paddle (3.1.1) takes SIGTERM when it is imported: call this again then."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._signalled.set())

    def watch(self, leave: Callable[[int], None] = os._exit) -> None:
        """Watch the supervisor from now on, in a thread; `leave` ends the process."""
        threading.Thread(target=self._watch, args=(leave,), daemon=True, name="supervisor-watch").start()

    def _watch(self, leave: Callable[[int], None]) -> None:
        while not self._is_orphan():
            if self._signalled.wait(_POLL):
                return
        self._signalled.set()
        if not self._training.is_set():
            leave(InterruptedRun.exit_status)

    def begin(self) -> None:
        """Updates are made from now on: there is something to save."""
        self._training.set()

    def __call__(self) -> bool:
        """Whether the run should end."""
        return self._signalled.is_set()

    def _is_orphan(self) -> bool:
        if os.getppid() != self._parent:
            return True
        if not self._supervisor:
            return False
        try:
            os.kill(self._supervisor, 0)
        except ProcessLookupError:
            return True
        return False
