"""One model of the server under its name: which requests it accepts, and which batcher answers them."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from paddle_ner.inference.engines import EngineInfo
from paddle_ner.serving import tracing
from paddle_ner.serving.batcher import Batcher
from paddle_ner.serving.fair import Shares
from paddle_ner.serving.metrics import ModelMetrics
from paddle_ner.serving.work import Answer, Request, cost
from paddle_ner.tasks import Decoding

logger = logging.getLogger(__name__)

# A text is accepted while the texts before it will probably take at most this share of its deadline. Beyond that,
# engines would spend their time on requests that are answered too late in part, and so in vain.
_HOPEFUL = 0.5

State = Literal["loading", "ready", "rebuilding", "failed"]


class QueueFullError(Exception):
    """No room for the request; `retry_after` is in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class DeadlineError(Exception):
    """The deadline passed before the last answer."""


class AbandonedError(Exception):
    """The server is stopping and no longer waits for the answer."""


class FailedError(Exception):
    """The model broke and could not be rebuilt."""


class Served:
    """A model by its name. Its Batcher may be replaced at any time, without any effect on requests.

    For the event loop's thread, except `engine_broke`.

    Args:
        name: name of the model in routes and metrics.
        path: its bundle or checkpoint.
        metrics: counts what happens.
        max_queue: texts accepted and not yet answered; when it is reached, each client still has its share of it.
        max_queue_tokens: their characters, in the same way; a client that waits for nothing may send any number.

    Attributes:
        changed: called when an engine broke.
    """

    def __init__(
        self, name: str, path: Path, metrics: ModelMetrics, max_queue: int, max_queue_tokens: int = 1 << 20
    ) -> None:
        self.name = name
        self.path = path
        self.changed: Callable[[], None] = lambda: None
        self._metrics = metrics
        self._texts, self._tokens = Shares(max_queue), Shares(max_queue_tokens)
        self._requests: dict[Request, None] = {}  # in order of arrival
        self._batcher: Batcher | None = None
        self._retired: dict[Batcher, int] = {}  # with how many requests each still has to finish
        self._failed = False
        metrics.watch_queue(lambda: self._texts.total, lambda: self._tokens.total)
        metrics.ready(False)

    # ------------------------------------------------------------------ what it is

    @property
    def state(self) -> State:
        """``rebuilding`` while no engine works and a new one is being built; ``failed`` if none is."""
        if self._failed:
            return "failed"
        if self._batcher is None:
            return "loading"
        return "ready" if self._batcher.working else "rebuilding"

    @property
    def decoding(self) -> Decoding | None:
        """The label space; None before the model is loaded, as for all properties below."""
        return self._batcher.model.decoding if self._batcher else None

    @property
    def version(self) -> str | None:
        """Twelve digits of the bundle's checksum, empty for a checkpoint."""
        return self._batcher.model.version if self._batcher else None

    @property
    def examples(self) -> Sequence[str]:
        """Texts that show what it can do."""
        return self._batcher.model.examples if self._batcher else ()

    @property
    def info(self) -> EngineInfo | None:
        """Its engine, device, precision and threads."""
        return self._batcher.model.info if self._batcher else None

    @property
    def replicas(self) -> int | None:
        """Engines over the same weights."""
        return self._batcher.replicas if self._batcher else None

    @property
    def lost(self) -> int:
        """Engines that broke and were not replaced."""
        return self._batcher.replicas - self._batcher.working if self._batcher else 0

    # ------------------------------------------------------------------ answering

    async def submit(
        self,
        texts: Sequence[str],
        deadline_seconds: float,
        client: str = "",
        min_score: Mapping[str, float] | None = None,
    ) -> list[Answer]:
        """The answer for each text, in order: a Prediction, or the exception of this text alone.

        Entities below `min_score`, the least scores by type, are left out.

        Raises QueueFullError at once if there is no room or little chance to meet the deadline; DeadlineError,
        AbandonedError and FailedError. Cancelling it drops the texts.
        """
        assert self._batcher is not None, "install() comes first"
        tokens = sum(map(cost, texts))
        wait = self._batcher.seconds_for(self._tokens.before(client, tokens))
        has_room = self._texts.fits(client, len(texts)) and (
            not self._tokens.of(client) or self._tokens.fits(client, tokens)
        )
        if not has_room or wait > _HOPEFUL * deadline_seconds:
            raise QueueFullError(min(60, max(1, math.ceil(wait))))
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Answer]] = loop.create_future()
        deadline = time.monotonic() + deadline_seconds
        request = Request(texts, deadline, future, self._batcher, client, tracing.current(), min_score)
        expiry = loop.call_later(deadline_seconds, _give_up, request, DeadlineError())
        self._texts.add(client, len(texts))
        self._tokens.add(client, tokens)
        self._requests[request] = None
        try:
            self._batcher.enter(request)
            return await future
        except DeadlineError:
            self._drop(request, "deadline")
            raise
        except asyncio.CancelledError:
            self._drop(request, "client_left")
            raise
        finally:
            future.cancel()  # where it is not done, nobody waits any more
            expiry.cancel()
            self._texts.remove(client, len(texts))
            self._tokens.remove(client, tokens)
            del self._requests[request]
            self._leave(request.owner)

    def abandon(self, reason: type[Exception] = AbandonedError) -> None:
        """End all waiting requests with an exception of this type, whatever the engines are doing."""
        for request in self._requests:
            _give_up(request, reason())

    def _drop(self, request: Request, reason: Literal["deadline", "client_left"]) -> None:
        for _ in range(len(request.texts) - len(request.answers)):
            self._metrics.dropped(reason)

    # ------------------------------------------------------------------ who answers

    def install(self, batcher: Batcher) -> None:
        """Answer with `batcher`, which was started, from now on.

        Requests that the old batcher has begun are finished there, on the model that they began with; the others move
        to the new one. After the last of them the old batcher is closed and its memory freed.
        """
        old, self._batcher = self._batcher, batcher
        self._failed = False
        if old is not None:
            self._retire(old)
        info = batcher.model.info
        self._metrics.info(
            version=batcher.model.version,
            engine=info.engine,
            device=info.device,
            precision=info.precision,
            task=batcher.model.decoding.name,
            threads=info.threads,
            replicas=batcher.replicas,
        )
        self._metrics.ready(self.state == "ready")

    def fail(self) -> None:
        """End all waiting requests: there is no engine and none will come."""
        self._failed = True
        self._metrics.ready(False)
        self.abandon(FailedError)

    def engine_broke(self, batcher: Batcher) -> None:
        """Note that an engine of `batcher` broke."""
        if batcher is self._batcher:
            self._metrics.ready(self.state == "ready")
            self.changed()
        elif batcher in self._retired:
            self._retire(batcher)

    def close(self, timeout: float) -> None:
        """Stop the engines; wait up to `timeout` seconds for each that is computing."""
        for batcher in (*self._retired, *([self._batcher] if self._batcher else [])):
            batcher.close(timeout)

    def _retire(self, old: Batcher) -> None:
        assert self._batcher is not None
        theirs = [request for request in self._requests if request.owner is old]
        self._retired[old] = old.hand_over(theirs, self._batcher)
        self._close_if_done(old)

    def _leave(self, owner: object) -> None:
        if isinstance(owner, Batcher) and owner in self._retired:
            self._retired[owner] -= 1
            self._close_if_done(owner)

    def _close_if_done(self, old: Batcher) -> None:
        if not self._retired[old]:
            del self._retired[old]
            old.close()


def _give_up(request: Request, error: Exception) -> None:
    if not request.future.done():
        request.future.set_exception(error)
