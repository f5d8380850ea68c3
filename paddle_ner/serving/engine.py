"""The thread that owns one replica: it takes batches, and finds out who is at fault where one fails."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from paddle_ner.serving.model import Logits, Model, probe, run_checked

if TYPE_CHECKING:
    from paddle_ner.serving.batcher import Batcher
    from paddle_ner.serving.work import Row


class BrokenEngineError(Exception):
    """The engine fails on a text that is known to be good."""


def run_engine(model: Model, batcher: Batcher, ready: Future[None]) -> None:
    """Warm `model` up, then compute batches until the batcher closes or the engine breaks.

    `ready` gets the outcome of the warm-up: in this thread, since frameworks keep what they build for the thread that
    asked. Whatever ends the thread afterwards, even a defect of our own, is told to the batcher with the batch.
    """
    if failure := _failure(model):
        ready.set_exception(failure)
        return
    ready.set_result(None)
    rows: list[Row] = []
    try:
        while rows := batcher.take():
            _compute(model, batcher, rows)
    except BaseException as error:
        batcher.broke(rows, error)


def _compute(model: Model, batcher: Batcher, rows: list[Row]) -> None:
    """Run one batch. Where it fails on a sound engine, each half runs again, until what fails is alone.

    Raises BrokenEngineError.
    """
    started = time.monotonic()
    logits = _run(model, rows)
    if not isinstance(logits, Exception):
        batcher.finish(rows, logits, started)
        return
    try:
        probe(model)
    except Exception:
        raise BrokenEngineError(f"{type(logits).__name__}: {logits}") from logits
    if len(rows) == 1:
        batcher.fail(rows[0].text, "run", logits)
        return
    middle = len(rows) // 2
    for half in (rows[:middle], rows[middle:]):
        now = time.monotonic()
        if wanted := [row for row in half if row.text.is_wanted(now)]:
            _compute(model, batcher, wanted)


# These give back what was raised instead of raising it: a frame that holds an exception is held by its traceback, and
# that circle would keep the model in memory after its end.


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
