"""A real server on a real port, in a thread of the test."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

from paddle_ner.serving import Loader, Settings, create_app
from paddle_ner.serving.metrics import Metrics
from paddle_ner.serving.server import BoundedServer
from paddle_ner.serving.service import Service
from paddle_ner.serving.work import Answer
from paddle_ner.types import Prediction

PATIENCE = 30  # seconds after which a test that waits for an event has failed


class ThreadServer(BoundedServer):
    """Says when it listens and when its models are loaded."""

    def __init__(self, settings: Settings, load: Loader) -> None:
        self.app = create_app(settings, load)
        super().__init__(self.app, settings, log_level="warning")
        self.listening = threading.Event()
        self.loaded = threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()
        self._watch = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        with suppress(Exception):  # the tests look at what the server says of it
            await self.app.state.service.loaded()
        self.loaded.set()

    @contextmanager
    def running(self) -> Iterator[ThreadServer]:
        thread = threading.Thread(target=self.run, args=([self.socket],), daemon=True)
        thread.start()
        assert self.listening.wait(PATIENCE)
        try:
            yield self
        finally:
            self.should_exit = True
            thread.join(PATIENCE)
            self.socket.close()


@asynccontextmanager
async def running(load: Loader, **options: Any) -> AsyncIterator[Service]:
    """A service without HTTP, its models loaded."""
    settings = Settings.create(**{"models": {"fake": "."}, "deadline_seconds": PATIENCE, **options})
    service = Service(settings, load, Metrics(), lambda line: None)
    service.start()
    try:
        await service.loaded()
        yield service
    finally:
        await service.stop()


async def until(condition: Callable[[], Any]) -> None:
    """Let the event loop run until `condition` holds, which other threads may bring about."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came"
        await asyncio.sleep(0.002)


def count(service: Service, metric: str, **labels: str) -> float:
    """The value of a metric of the model called fake."""
    return service.metrics.registry.get_sample_value(f"paddle_ner_{metric}", {"model": "fake", **labels}) or 0.0


def words(answers: list[Answer]) -> list[list[str]]:
    """The words that each prediction has as entities. Fails where a text failed."""
    found = []
    for answer in answers:
        assert isinstance(answer, Prediction) and answer.entities is not None, answer
        found.append([entity.text for entity in answer.entities])
    return found
