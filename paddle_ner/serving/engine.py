"""The thread that owns a replica: it takes batches, and finds the text at fault if a batch fails."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from paddle_ner.serving.model import Logits, Model, probe, run_checked
from paddle_ner.serving.work import QueuedWindow, Text


class Batches(Protocol):
    """Where an engine gets its batches, and reports about them. All methods are called in the engine's thread."""

    def take(self) -> list[QueuedWindow]:
        """Wait for the next batch; empty if there will be no more."""

    def finish(self, windows: list[QueuedWindow], logits: Sequence[Logits], started: float) -> None:
        """A batch was computed, from `started` until now."""

    def fail(self, text: Text, error: Exception) -> None:
        """The engine cannot compute this text, but works for others."""

    def broke(self, windows: list[QueuedWindow], error: BaseException) -> None:
        """The engine is broken; `windows` are the windows that it had."""


class BrokenEngineError(Exception):
    """The engine fails on a text that is known to be good."""


def run_engine(model: Model, batches: Batches, ready: Future[None]) -> None:
    """Warm `model` up, then compute batches until there are no more or the engine breaks.

    `ready` gets the outcome of the warm-up, which runs in this thread, since frameworks keep what they build for each
    thread. Whatever ends the thread afterwards, even a bug of ours, is reported to `batches` with the batch.
    """
    if failure := _failure(model):
        ready.set_exception(failure)
        return
    ready.set_result(None)
    windows: list[QueuedWindow] = []
    try:
        while windows := batches.take():
            _compute(model, batches, windows)
    except BaseException as error:
        batches.broke(windows, error)


def _compute(model: Model, batches: Batches, windows: list[QueuedWindow]) -> None:
    """Run a batch. If it fails on a working engine, each half runs again, until the window that fails is alone.

    Raises BrokenEngineError.
    """
    started = time.monotonic()
    logits = _run(model, windows)
    if not isinstance(logits, Exception):
        batches.finish(windows, logits, started)
        return
    try:
        probe(model)
    except Exception:
        raise BrokenEngineError(f"{type(logits).__name__}: {logits}") from logits
    if len(windows) == 1:
        batches.fail(windows[0].text, logits)
        return
    middle = len(windows) // 2
    for half in (windows[:middle], windows[middle:]):
        now = time.monotonic()
        if wanted := [queued for queued in half if queued.text.is_wanted(now)]:
            _compute(model, batches, wanted)


# These return exceptions instead of raising them: a frame that holds an exception is held by its traceback, and that
# cycle would keep the model in memory after its end.


def _failure(model: Model) -> Exception | None:
    try:
        model.warm_up()
        probe(model)
    except Exception as error:
        return error
    except BaseException as error:  # what would end a thread must not end the server, which asks for it
        return RuntimeError(f"the model raised {type(error).__name__} as it was warmed up")
    return None


def _run(model: Model, windows: list[QueuedWindow]) -> Sequence[Logits] | Exception:
    try:
        return run_checked(model, [queued.window for queued in windows])
    except Exception as error:
        return error
