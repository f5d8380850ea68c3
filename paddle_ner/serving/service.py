"""The models of one server, from loading to draining. Knows nothing of HTTP but the problems it raises."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from paddle_ner.serving.batcher import AbandonedError, Answer, Batcher, DeadlineError, QueueFullError
from paddle_ner.serving.metrics import Metrics
from paddle_ner.serving.model import Loader, Model
from paddle_ner.serving.problems import DEADLINE, DRAINING, LOADING, QUEUE_FULL, UNAVAILABLE, UNKNOWN_MODEL, HTTPProblem
from paddle_ner.serving.settings import Settings
from paddle_ner.tasks import Task

T = TypeVar("T")

_RETRY_LOADING = {"Retry-After": "2"}
_SIGNAL_SECONDS = 0.05
_WARM_UP = "王小明在北京大学读书。"


@dataclass
class Served:
    """One model of the server; `task` and `batcher` are there from ready on."""

    name: str
    path: Path
    state: Literal["loading", "ready", "failed"] = "loading"
    task: Task | None = None
    batcher: Batcher | None = None


class Service:
    """Loads the models, answers while they are ready, and drains.

    All methods are for the event loop's thread.

    Args:
        settings: of the server.
        load: gives the model for a path.
        metrics: are told what happens.
        report: is told, in one line, why a model could not be loaded.
    """

    def __init__(self, settings: Settings, load: Loader, metrics: Metrics, report: Callable[[str], None]) -> None:
        self.settings = settings
        self.models = {name: Served(name, path) for name, path in settings.models.items()}
        self.draining = False
        self._load = load
        self._report = report
        self._metrics = metrics
        self._pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1), thread_name_prefix="tokenizer")
        self._loading: asyncio.Task[None] | None = None
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    # ------------------------------------------------------------------ from loading to draining

    def start(self) -> None:
        """Begin to load the models, in the background."""
        self._loading = asyncio.create_task(self._load_all())

    async def loaded(self) -> None:
        """Wait until every model is ready. Raises what the first that failed raised."""
        assert self._loading is not None, "start() comes first"
        await asyncio.shield(self._loading)

    async def _load_all(self) -> None:
        for served in self.models.values():
            try:
                model = await _keeping_signals(asyncio.to_thread(self._load_one, served.path))
            except Exception as error:
                served.state = "failed"
                self._report(f"model {served.name} failed to load: {error}")
                raise
            served.task = model.task
            served.batcher = Batcher(
                model,
                self._pool,
                self._metrics.model(served.name),
                max_queue=self.settings.max_queue,
                batch_tokens=self.settings.batch_tokens,
                batch_delay=self.settings.batch_delay,
            )
            served.state = "ready"

    def _load_one(self, path: Path) -> Model:
        model = self._load(path, self.settings)
        # The first run builds what later ones reuse; and a model that cannot answer must not become ready.
        encoded = model.encode(_WARM_UP)
        model.decode(encoded, model.run(encoded.windows))
        return model

    def begin_drain(self) -> None:
        """Not ready from now on; what is under way goes on."""
        self.draining = True

    async def drained(self, timeout: float) -> bool:
        """Wait until nothing is under way. After `timeout` seconds the rest is answered 503 and False returned."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._idle.wait(), timeout)
            return True
        self.abandon()
        return False

    def abandon(self) -> None:
        """Answer everything under way with 503."""
        for served in self.models.values():
            if served.batcher:
                served.batcher.abandon()

    async def stop(self) -> None:
        """End the threads. A model that is still loading is waited for: the framework cannot be interrupted."""
        self.begin_drain()
        if self._loading:
            with suppress(Exception):  # reported by _load_all
                await self._loading
        for served in self.models.values():
            if served.batcher:
                await asyncio.to_thread(served.batcher.close, 1.0)
        self._pool.shutdown(wait=False, cancel_futures=True)

    # ------------------------------------------------------------------ health

    def check_alive(self) -> None:
        """Raise HTTPProblem where only a restart helps."""
        for served in self.models.values():
            if served.state == "failed":
                raise HTTPProblem(UNAVAILABLE, f"model {served.name} failed to load; the log has the reason")
            if served.batcher and not served.batcher.alive and not self.draining:
                raise HTTPProblem(UNAVAILABLE, f"the engine of model {served.name} stopped; the log has the reason")

    def check_ready(self) -> None:
        """Raise HTTPProblem where requests should go elsewhere."""
        if self.draining:
            raise _draining()
        self.check_alive()
        for served in self.models.values():
            if served.state == "loading":
                raise _loading(served.name)

    # ------------------------------------------------------------------ answering

    def batcher(self, name: str) -> Batcher:
        """The batcher of a model that is ready. Raises HTTPProblem 404 or 503."""
        served = self.models.get(name)
        if served is None:
            raise HTTPProblem(UNKNOWN_MODEL, f"there is no model {name!r}; this server has {', '.join(self.models)}")
        if self.draining:
            raise _draining()
        if served.state == "failed":
            raise HTTPProblem(UNAVAILABLE, f"model {name} failed to load; the log has the reason")
        if served.batcher is None:
            raise _loading(name)
        return served.batcher

    async def predict(self, name: str, texts: Sequence[str]) -> list[Answer]:
        """The answer for each text, in order. Raises HTTPProblem; cancelling it drops the texts."""
        batcher = self.batcher(name)
        self._in_flight += 1
        self._idle.clear()
        try:
            return await batcher.submit(texts, self.settings.deadline_seconds)
        except QueueFullError as error:
            raise HTTPProblem(
                QUEUE_FULL,
                f"the queue of model {name} has no room for {len(texts)} more texts;"
                f" try again in {error.retry_after} s",
                {"Retry-After": str(error.retry_after)},
            ) from None
        except DeadlineError:
            raise HTTPProblem(
                DEADLINE, f"no answer within {self.settings.deadline_seconds:g} s; the texts were dropped"
            ) from None
        except AbandonedError:
            raise _draining() from None
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()


async def _keeping_signals(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, with this process's signal handlers in force meanwhile and after it.

    Importing paddle (3.1.1) replaces the handler of SIGTERM, below Python, by one that prints a stack and dies.
    """
    task = asyncio.ensure_future(work)
    while not task.done():
        await asyncio.wait({task}, timeout=_SIGNAL_SECONDS)
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                handler = signal.getsignal(number)
                if handler is not None:
                    signal.signal(number, handler)
    return task.result()


def _draining() -> HTTPProblem:
    return HTTPProblem(DRAINING, "the server is about to stop", {"Connection": "close"})


def _loading(name: str) -> HTTPProblem:
    return HTTPProblem(LOADING, f"model {name} is still loading", _RETRY_LOADING)
