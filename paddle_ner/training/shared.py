"""Work that the training processes of a machine share: who does what, who waits, and what is said of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

_POLL = 0.2  # seconds between two looks for what the other processes write
_SPEAK = 10.0  # seconds between two lines about the progress


def place() -> tuple[int, int]:
    """The number of this process among those of its machine, and how many these are."""
    return int(os.environ.get("PADDLE_LOCAL_RANK", "0")), int(os.environ.get("PADDLE_LOCAL_SIZE", "1"))


def wait_for(file: Path, check: Callable[[], None]) -> None:
    """Return when another process has written `file`. `check` is called until then, and may raise."""
    while not file.exists():
        check()
        time.sleep(_POLL)


class Progress:
    """Lines about the progress, not more often than every ten seconds."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log, self._spoken = log, time.monotonic()

    def __call__(self, line: str) -> None:
        """Log the line if it is time."""
        if time.monotonic() - self._spoken > _SPEAK:
            self._spoken = time.monotonic()
            self._log(line)
