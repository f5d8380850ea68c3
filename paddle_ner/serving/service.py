"""The models of one server, from loading to draining. Knows nothing about HTTP except the problems it raises."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from paddle_ner.machine import usable_cores
from paddle_ner.serving.metrics import Metrics
from paddle_ner.serving.model import Loader
from paddle_ner.serving.problems import DEADLINE, DRAINING, LOADING, QUEUE_FULL, UNAVAILABLE, UNKNOWN_MODEL, HTTPProblem
from paddle_ner.serving.served import AbandonedError, DeadlineError, FailedError, QueueFullError, Served
from paddle_ner.serving.settings import Settings
from paddle_ner.serving.trial import Trial
from paddle_ner.serving.upkeep import Upkeep
from paddle_ner.serving.work import Answer
from paddle_ner.tasks.decoding import TagDecoding

_RETRY_LOADING = {"Retry-After": "2"}
_CLOSE_SECONDS = 1.0


class Service:
    """Loads the models, answers while they are ready, and drains.

    All methods are for the event loop's thread.

    Args:
        settings: the settings of the server.
        load: loads the replicas of a model from a path.
        metrics: counts what happens.
        report: called with one line that says why a model could not be loaded.
        trial: tries a new bundle before it replaces the one that is served.
    """

    def __init__(
        self,
        settings: Settings,
        load: Loader,
        metrics: Metrics,
        report: Callable[[str], None],
        trial: Trial | None = None,
    ) -> None:
        self.settings = settings
        self.models = {
            name: Served(name, path, metrics.model(name), settings.max_queue, settings.max_queue_tokens)
            for name, path in settings.models.items()
        }
        self.draining = False
        self._load = load
        self._report = report
        self._trial = trial
        self.metrics = metrics
        self._pool = ThreadPoolExecutor(min(4, usable_cores()), thread_name_prefix="tokenizer")
        self._upkeeps: list[Upkeep] = []
        self._loading: asyncio.Task[None] | None = None
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    # ------------------------------------------------------------------ from loading to draining

    def start(self) -> None:
        """Begin to load the models, in the background."""
        self._loading = asyncio.create_task(self._load_all())

    async def loaded(self) -> None:
        """Wait until every model is ready. Raises the error of the first that failed."""
        assert self._loading is not None, "start() comes first"
        await asyncio.shield(self._loading)

    async def _load_all(self) -> None:
        for served in self.models.values():
            metrics = self.metrics.model(served.name)
            upkeep = Upkeep(served, self.settings, self._load, self._pool, metrics, self._trial)
            self._upkeeps.append(upkeep)
            try:
                await upkeep.begin()
            except Exception as error:
                served.fail()
                self._report(f"model {served.name} failed to load: {error}")
                raise

    def begin_drain(self) -> None:
        """Stop being ready; requests in progress continue."""
        self.draining = True
        for upkeep in self._upkeeps:
            upkeep.frozen = True

    async def drained(self, timeout: float) -> bool:
        """Wait for requests in progress. After `timeout` seconds the others are answered 503 and False is returned."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._idle.wait(), timeout)
            return True
        self.abandon()
        return False

    def abandon(self) -> None:
        """Answer all requests in progress with 503."""
        for served in self.models.values():
            served.abandon()

    async def stop(self) -> None:
        """End the threads. A model that is still loading is waited for: the framework cannot be interrupted."""
        self.begin_drain()
        if self._loading:
            with suppress(Exception):  # reported by _load_all
                await self._loading
        for upkeep in self._upkeeps:
            await upkeep.stop()
        for served in self.models.values():
            await asyncio.to_thread(served.close, _CLOSE_SECONDS)
        self._pool.shutdown(wait=False, cancel_futures=True)

    # ------------------------------------------------------------------ health

    def check_alive(self) -> None:
        """Raise HTTPProblem if only a restart helps."""
        for served in self.models.values():
            if served.state == "failed":
                raise _failed(served.name)

    def check_ready(self) -> None:
        """Raise HTTPProblem if requests should go to another server."""
        if self.draining:
            raise _draining()
        self.check_alive()
        for served in self.models.values():
            if served.state == "loading":
                raise _loading(served.name)
            if served.state == "rebuilding":
                detail = f"the engine of model {served.name} broke and is being rebuilt; requests wait for it"
                raise HTTPProblem(LOADING, detail, _RETRY_LOADING)

    # ------------------------------------------------------------------ answering

    def find(self, name: str) -> Served:
        """A model that takes requests. Raises HTTPProblem 404 or 503."""
        served = self.models.get(name)
        if served is None:
            raise HTTPProblem(UNKNOWN_MODEL, f"there is no model {name!r}; this server has {', '.join(self.models)}")
        if self.draining:
            raise _draining()
        if served.state == "failed":
            raise _failed(name)
        if served.state == "loading":
            raise _loading(name)
        return served

    def entity_types(self) -> list[str]:
        """The types of entities of all loaded models."""
        decodings = [served.decoding for served in self.models.values()]
        return list(
            dict.fromkeys(
                label
                for decoding in decodings
                if decoding and decoding.name == TagDecoding.name
                for label in decoding.labels
            )
        )

    async def predict(
        self, name: str, texts: Sequence[str], client: str = "", min_score: Mapping[str, float] | None = None
    ) -> list[Answer]:
        """The answer for each text of a client, in order. Raises HTTPProblem; cancelling it drops the texts.

        `min_score` has the min scores of entities by type; None takes those of the settings.
        """
        served = self.find(name)
        least = self.settings.min_score if min_score is None else min_score
        self._in_flight += 1
        self._idle.clear()
        try:
            return await served.submit(texts, self.settings.deadline_seconds, client, least)
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
        except FailedError:
            raise _failed(name) from None
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()


def _draining() -> HTTPProblem:
    return HTTPProblem(DRAINING, "the server is about to stop", {"Connection": "close"})


def _loading(name: str) -> HTTPProblem:
    return HTTPProblem(LOADING, f"model {name} is still loading", _RETRY_LOADING)


def _failed(name: str) -> HTTPProblem:
    return HTTPProblem(UNAVAILABLE, f"model {name} failed; the log has the reason")
