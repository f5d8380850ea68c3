from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from paddle_ner.serving import Settings
from tests.unit.serving.fakes import FakeModel
from tests.unit.serving.harness import PATIENCE, ThreadServer


@pytest.fixture
def model() -> Iterator[FakeModel]:
    model = FakeModel()
    yield model
    model.free.set()


@pytest.fixture
def serve(model: FakeModel) -> Iterator[Callable[..., httpx.Client]]:
    """Starts a server over the fake model and gives a client of it: ``serve(max_queue=4)``."""
    opened: list[Any] = []

    def start(**options: Any) -> httpx.Client:
        settings = Settings.create(**{"models": {"fake": "."}, **options})
        context = ThreadServer(settings, lambda path, settings: [model]).running()
        server = context.__enter__()
        opened.append(context)
        assert server.loaded.wait(PATIENCE)
        model.forget()  # the warm-up
        client = httpx.Client(base_url=server.url, timeout=PATIENCE)
        opened.append(client)
        return client

    yield start
    model.free.set()
    for one in reversed(opened):
        one.__exit__(None, None, None)
