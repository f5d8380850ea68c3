"""Keeping a model at work: it is loaded, rebuilt when its engines break, and replaced when its bundle on disk is."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from paddle_ner.errors import BundleError
from paddle_ner.serving.batcher import Batcher
from paddle_ner.serving.metrics import ModelMetrics
from paddle_ner.serving.model import Loader
from paddle_ner.serving.served import Served
from paddle_ner.serving.settings import Settings
from paddle_ner.serving.trial import Trial
from paddle_ner.serving.watch import Fingerprint, check_files, checksum, fingerprint

logger = logging.getLogger(__name__)

T = TypeVar("T")

REBUILD_DELAYS = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0)  # seconds before each attempt to rebuild; after the last it has failed
_LOAD_TRIES = 3
_SIGNAL_SECONDS = 0.05
_STOP_SECONDS = 1.0


class Upkeep:
    """Keeps one model of the server at work. For the event loop's thread.

    Args:
        served: the model.
        settings: of the server.
        load: gives the replicas for a path; called in a thread.
        pool: where texts are encoded.
        metrics: are told what happens.
        trial: tries a new bundle before it is loaded beside the old one; None where that is not needed.

    Attributes:
        frozen: bundles on disk are no longer looked at.
    """

    def __init__(
        self,
        served: Served,
        settings: Settings,
        load: Loader,
        pool: Executor,
        metrics: ModelMetrics,
        trial: Trial | None = None,
    ) -> None:
        self._served = served
        self._settings = settings
        self._load = load
        self._pool = pool
        self._metrics = metrics
        self._trial = trial
        self._ending = threading.Event()  # tells a trial that the server stops
        self._opening = False
        self._failure = ""  # of the upkeep itself, as it was last logged
        self._seen: Fingerprint | None = None  # the bundle that was last loaded or refused
        self._candidate: Fingerprint | None = None  # what it looked like when it was last found changed
        self._accepted_loss = 0  # engines that could not be rebuilt while others work
        self._wake = asyncio.Event()  # an engine broke, or the server stops
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.frozen = False
        served.changed = self._wake.set

    async def begin(self) -> None:
        """Load the model for the first time. Raises what the loader raises, or what the model raises at a text."""
        batcher, self._seen = await self._open()
        self._served.install(batcher)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End. A model that is being loaded is waited for, since the framework cannot be interrupted; a look is not."""
        self._stopping.set()
        self._ending.set()
        self._wake.set()
        while self._task and not self._task.done():
            await asyncio.wait({self._task}, timeout=_STOP_SECONDS)
            if not self._opening:
                self._task.cancel()

    async def _run(self) -> None:
        period = self._settings.reload_seconds
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                if self._served.lost > self._accepted_loss:
                    await self._rebuild()
                elif period and not self.frozen:
                    await self._look()
                self._failure = ""
            except Exception as error:  # a defect of ours must not end the upkeep
                if repr(error) != self._failure:  # said once, not every two seconds
                    self._failure = repr(error)
                    logger.exception("model %s: the upkeep failed", self._served.name)
            await _wait(self._wake, period or None)

    # ------------------------------------------------------------------ loading

    async def _open(self) -> tuple[Batcher, Fingerprint | None]:
        loop = asyncio.get_running_loop()

        def on_broken(batcher: Batcher) -> None:
            with suppress(RuntimeError):  # the loop is closed: the server stopped
                loop.call_soon_threadsafe(self._served.engine_broke, batcher)

        def work() -> tuple[Batcher, Fingerprint | None]:
            for _ in range(_LOAD_TRIES):
                before = fingerprint(self._served.path)
                try:
                    check_files(self._served.path)
                    if self._trial and self._served.decoding is not None and before != self._seen:
                        self._trial(self._served.path, self._settings, self._ending)
                    batcher = Batcher(
                        self._load(self._served.path, self._settings),
                        self._pool,
                        self._metrics,
                        batch_tokens=self._settings.batch_tokens,
                        batch_delay=self._settings.batch_delay,
                        on_broken=on_broken,
                    ).start()
                except Exception:
                    if fingerprint(self._served.path) == before:
                        raise
                    continue
                if fingerprint(self._served.path) == before:
                    return batcher, before
                batcher.close()  # its files may be of two bundles
            raise BundleError(f"{self._served.path}: it was replaced while it was loaded, {_LOAD_TRIES} times in a row")

        self._opening = True
        try:
            return await _keeping_signals(in_thread(work))
        finally:
            self._opening = False

    async def _rebuild(self) -> None:
        """Load the bundle again, since engines broke. Where that fails time and again, do with those that are left."""
        failure = ""
        for delay in REBUILD_DELAYS:
            if await _wait(self._stopping, delay):
                return
            try:
                batcher, self._seen = await self._open()
            except Exception as error:
                failure = str(error)
                continue
            self._accepted_loss = 0
            self._served.install(batcher)
            self._metrics.rebuilt()
            logger.warning("model %s: its engine was rebuilt", self._served.name)
            return
        self._accepted_loss = self._served.lost
        if self._served.state == "ready":
            logger.error(
                "model %s: %d of %d engines broke and could not be rebuilt, the others go on: %s",
                self._served.name, self._served.lost, self._served.replicas, failure,
            )  # fmt: skip
        else:
            self._served.fail()
            logger.error("model %s failed: its engine broke and could not be rebuilt: %s", self._served.name, failure)

    # ------------------------------------------------------------------ the bundle on disk

    async def _look(self) -> None:
        """Take the bundle on disk if it is another one, stands still, and is sound; refuse it once if it is not."""
        current = await in_thread(partial(fingerprint, self._served.path))
        if current is None or current == self._seen:
            self._candidate = None
            return
        if current != self._candidate:  # it may still be being written: look again
            self._candidate = current
            return
        name = self._served.name
        written = (await in_thread(partial(checksum, self._served.path)))[:12]
        if self._served.state == "ready" and written == (self._served.version or None):
            self._seen = current  # written again, with the same content
            return
        try:
            batcher, self._seen = await self._open()
        except Exception as error:
            self._seen = current
            self._metrics.reloaded("refused")
            logger.error("model %s: the new bundle is refused, the old one stays: %s", name, error)
            return
        self._accepted_loss = 0
        self._served.install(batcher)
        self._metrics.reloaded("swapped")
        logger.info("model %s: swapped to the new bundle %s", name, self._served.version)


async def _wait(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait so long, None for ever, for `event`; whether it is set."""
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()


async def in_thread(work: Callable[[], T]) -> T:
    """The result of `work`, in a thread that the end of the process does not wait for: a file may hang for ever.

    What is no Exception, such as a panic of the tokenizer's Rust, is raised as RuntimeError.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(setter: Callable[[Any], None], value: Any) -> None:
        if not done.done():
            setter(value)

    def run() -> None:
        try:
            outcome: tuple[Callable[[Any], None], Any] = done.set_result, work()
        except Exception as error:
            outcome = done.set_exception, error
        except BaseException as error:
            outcome = done.set_exception, RuntimeError(f"{type(error).__name__}: {error}")
        with suppress(RuntimeError):  # the loop is closed: the server stopped
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=run, name="upkeep", daemon=True).start()
    return await done


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
