"""A training ends at a signal, and when the command that started it is gone."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from paddle_ner.training.launch import SUPERVISOR
from paddle_ner.training.stopping import Stop

PATIENCE = 30  # seconds
# Gets a signal while it trains. Prints whether it should end before and after it, and with which status it is left.
SIGNALLED = """
import os, sys, threading
from paddle_ner.training.stopping import Stop

stop, left = Stop(), []
before = stop()
stop.begin()
os.kill(os.getpid(), int(sys.argv[1]))
stop.watch(left.append)
for thread in threading.enumerate():
    if thread.name == "supervisor-watch":
        thread.join()
print(before, stop(), left)
"""


@pytest.fixture(autouse=True)
def _signals_as_they_were() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def gone() -> str:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return str(process.pid)


def ended_with(stop: Stop) -> int | None:
    """The status that the process is left with, None where it goes on to save its state."""
    left: list[int] = []
    stop.watch(left.append)
    for watch in [thread for thread in threading.enumerate() if thread.name == "supervisor-watch"]:
        watch.join(PATIENCE)
        assert not watch.is_alive()
    assert stop()
    return left[0] if left else None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_the_update(number: signal.Signals) -> None:
    """In a process of its own: in that of the tests Paddle may handle SIGTERM, and end it."""
    done = subprocess.run(
        [sys.executable, "-c", SIGNALLED, str(int(number))], capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stdout) == (0, "False True []\n"), done.stderr


def test_without_its_supervisor_it_ends_at_once_while_there_is_nothing_to_save(
    gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SUPERVISOR, gone)
    assert ended_with(Stop()) == 130


def test_without_its_supervisor_it_saves_what_it_reached(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SUPERVISOR, gone)
    stop = Stop()
    stop.begin()
    assert ended_with(stop) is None
