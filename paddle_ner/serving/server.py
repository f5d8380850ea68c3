"""Runs the application under uvicorn: the socket, the signals, the exit."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from paddle_ner.errors import InputError
from paddle_ner.serving.app import create_app
from paddle_ner.serving.connections import Connections
from paddle_ner.serving.model import Loader, load_model
from paddle_ner.serving.protocol import KEEP_ALIVE, BoundedProtocol
from paddle_ner.serving.service import Service
from paddle_ner.serving.settings import Settings

_LAST_SECONDS = 5  # to send finished answers, after draining
# An engine that has finished needs the interpreter for a moment to take its next batch. It waits this long for a thread
# that holds it: Python's default of 5 ms is a third of what a batch of a small model takes.
_SWITCH_SECONDS = 0.001
_BACKLOG = 2048
_SWEEP_TICKS = 5  # uvicorn's ticks, of 0.1 s, between checks of the connections


def run(settings: Settings, load: Loader = load_model, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve until a signal; must be called in the main thread.

    After SIGTERM the server is not ready, finishes requests in progress within `settings.drain_timeout`, and returns.
    Ctrl-C does the same and raises KeyboardInterrupt. A second signal ends without waiting.

    Args:
        settings: the settings of the server.
        load: loads the model of a path.
        on_ready: called with the server's URL once every model is ready.

    Raises:
        InputError: the address cannot be used.
        PaddleNerError: a model could not be loaded.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    with _listen(settings.host, settings.port) as listener:
        server = _Server(settings, load, on_ready, listener)
        try:
            server.run(sockets=[listener])
        finally:
            if settings.ready_file:
                settings.ready_file.unlink(missing_ok=True)
    if server.failure:
        raise server.failure
    if server.interrupted:
        raise KeyboardInterrupt


class BoundedServer(uvicorn.Server):
    """uvicorn over our application, with limited connections."""

    def __init__(self, app: FastAPI, settings: Settings, **options: Any) -> None:
        self.connections = Connections(settings, app.state.service.metrics)
        super().__init__(
            uvicorn.Config(
                app,
                http=partial(BoundedProtocol, self.connections),  # type: ignore[arg-type]
                ws="none",
                lifespan="on",
                proxy_headers=False,  # `caller` reads them, with `settings.trusted_proxies`
                log_config=None,  # left to the caller: see logs.configure
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE,
                **options,
            )
        )

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second."""
        if counter % _SWEEP_TICKS == 0:
            self.connections.sweep()
        return await super().on_tick(counter)


class _Server(BoundedServer):
    def __init__(
        self, settings: Settings, load: Loader, on_ready: Callable[[str], None] | None, listener: socket.socket
    ) -> None:
        app = create_app(settings, load, report=lambda _: None)  # run() raises it
        super().__init__(app, settings, timeout_graceful_shutdown=_LAST_SECONDS)
        self.connections.fit_descriptors()
        self.failure: BaseException | None = None
        self.interrupted = False
        self._settings = settings
        self._service: Service = app.state.service
        self._on_ready = on_ready
        self._listener = listener
        self._signals = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._start(self._announce())

    async def _announce(self) -> None:
        try:
            await self._service.loaded()
        except Exception as error:
            self.failure = error
            self.should_exit = True
            return
        if self._service.draining:
            return
        # Current objects stay. Python would search all of them for garbage every few seconds, which takes 50 ms if a
        # framework was imported, while every thread waits.
        gc.freeze()
        host, port = self._listener.getsockname()[:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        if self._settings.ready_file:
            try:
                _write(self._settings.ready_file, {"url": url, "port": port, "pid": os.getpid()})
            except OSError as error:
                self.failure = InputError(f"--ready-file {self._settings.ready_file}: {error.strerror or error}")
                self.should_exit = True
                return
        if self._on_ready:
            self._on_ready(url)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # uvicorn's own would raise the signal again after the shutdown, and the exit status would not be ours.
        self.interrupted = self.interrupted or sig == signal.SIGINT
        self._signals += 1
        self._service.begin_drain()
        if self._loop is None:  # not started yet
            self.should_exit = True
        elif self._signals == 1:
            self._loop.call_soon_threadsafe(lambda: self._start(self._drain()))
        else:
            self._loop.call_soon_threadsafe(self._service.abandon)
            self.should_exit = self.force_exit = True

    async def _drain(self) -> None:
        await self._service.drained(self._settings.drain_timeout)
        self.should_exit = True

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises InputError where the address cannot be used."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Now, not when the models are loaded: a second server on the same port must fail before it loads its models.
        listener.listen(_BACKLOG)
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"cannot listen on {host} port {port}: {reason}; name another --host or --port") from None
    return listener


def _write(path: Path, record: dict[str, str | int]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(record) + "\n", encoding="utf-8")
    temporary.replace(path)
