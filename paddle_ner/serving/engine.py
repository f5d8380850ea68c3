"""The thread that owns a replica: it takes batches, and finds the text at fault if a batch fails."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from paddle_ner.serving.model import Logits, Model, probe, run_checked
from paddle_ner.serving.work import Row, Text


class Batches(Protocol):
    """Where an engine gets its batches, and reports about them. All methods are called in the engine's thread."""

    def take(self) -> list[Row]:
        """Wait for the next batch; empty if there will be no more."""

    def finish(self, rows: list[Row], logits: Sequence[Logits], started: float) -> None:
        """A batch was computed, from `started` until now."""

    def fail(self, text: Text, error: Exception) -> None:
        """The engine cannot compute this text, but works for others."""

    def broke(self, rows: list[Row], error: BaseException) -> None:
        """The engine is broken; `rows` are the windows that it had."""


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
    rows: list[Row] = []
    try:
        while rows := batches.take():
            _compute(model, batches, rows)
    except BaseException as error:
        batches.broke(rows, error)


def _compute(model: Model, batches: Batches, rows: list[Row]) -> None:
    """Run a batch. If it fails on a working engine, each half runs again, until the window that fails is alone.

    Raises BrokenEngineError.
    """
    started = time.monotonic()
    logits = _run(model, rows)
    if not isinstance(logits, Exception):
        batches.finish(rows, logits, started)
        return
    try:
        probe(model)
    except Exception:
        raise BrokenEngineError(f"{type(logits).__name__}: {logits}") from logits
    if len(rows) == 1:
        batches.fail(rows[0].text, logits)
        return
    middle = len(rows) // 2
    for half in (rows[:middle], rows[middle:]):
        now = time.monotonic()
        if wanted := [row for row in half if row.text.is_wanted(now)]:
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


def _run(model: Model, rows: list[Row]) -> Sequence[Logits] | Exception:
    try:
        return run_checked(model, [row.window for row in rows])
    except Exception as error:
        return error
