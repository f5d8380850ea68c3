"""A real server on a real port, in a thread of the test."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import uvicorn

from paddle_ner.serving import Loader, Settings, create_app

PATIENCE = 30  # seconds after which a test that waits for an event has failed


class ThreadServer(uvicorn.Server):
    """Says when it listens and when its models are loaded."""

    def __init__(self, settings: Settings, load: Loader) -> None:
        self.app = create_app(settings, load)
        super().__init__(uvicorn.Config(self.app, lifespan="on", log_level="warning", access_log=False))
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
