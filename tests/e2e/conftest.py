"""A real browser at a real server. Each page is watched: what it logs, where it asks, what its policy refuses."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from paddle_ner.export import export
from paddle_ner.serving import Settings
from paddle_ner.training import train
from tests.e2e.page_fakes import load
from tests.integration.small_models import small_config
from tests.unit.serving.harness import PATIENCE, ThreadServer

MODELS = {"names": "names", "topics": "topics", "tags": "tags"}


def _absent(what: str, fix: str) -> None:
    message = f"{what} is absent: {fix}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


# For one module, not for the session: while Playwright's synchronous interface is open, a loop counts as running in
# this thread, and asyncio.run of other tests would refuse.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium, without a window."""
    path = shutil.which("chromium")
    if path is None:
        _absent("chromium", "apt-get install chromium fontconfig fonts-noto-cjk")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        _absent("playwright", "pip install playwright (extra dev)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])  # root has no sandbox
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def server() -> Iterator[ThreadServer]:
    """A server over models that follow rules: NER, classes, several classes."""
    running = ThreadServer(Settings.create(models=MODELS, max_texts=64, max_queue=256), load)
    with running.running():
        assert running.loaded.wait(PATIENCE)
        yield running


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a small model that was trained for real, by the config of the integration tests."""
    folder = tmp_path_factory.mktemp("page")
    train(small_config(folder), folder / "run")
    return export(folder / "run" / "checkpoint", folder / "bundle").bundle


@pytest.fixture
def serve() -> Iterator[Callable[..., ThreadServer]]:
    """Starts further servers: ``serve(max_texts=2)``."""
    opened: list[Any] = []

    def start(loader: Any = load, **options: Any) -> ThreadServer:
        one = ThreadServer(Settings.create(**{"models": MODELS, **options}), loader)
        context = one.running()
        context.__enter__()
        opened.append(context)
        assert one.loaded.wait(PATIENCE)
        return one

    yield start
    for context in reversed(opened):
        context.__exit__(None, None, None)


@pytest.fixture
def visit(browser: Any, server: ThreadServer) -> Iterator[Callable[..., Any]]:
    """Opens the page: ``visit(color_scheme="dark")``. A page that logs an error or leaves its origin fails the test."""
    contexts: list[Any] = []
    faults: list[str] = []

    def open_page(url: str = server.url, *, ready: bool = True, before: Any = None, **options: Any) -> Any:
        context = browser.new_context(**{"locale": "zh-CN", "viewport": {"width": 1100, "height": 800}, **options})
        context.set_default_timeout(PATIENCE * 1000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(f"uncaught: {error}"))
        page.on("console", lambda message: _heard(message, faults))
        page.on("request", lambda request: _left(request.url, url, faults))
        if before:
            before(page)
        page.goto(url)
        if ready:
            page.wait_for_selector("#examples li")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults, faults


def _heard(message: Any, faults: list[str]) -> None:
    # Chromium logs every answer that is a problem; of the page's own files none may be one.
    refused = message.text.startswith("Failed to load resource") and "/page/" not in message.location["url"]
    if message.type in ("error", "warning") and not refused:
        faults.append(f"{message.type}: {message.text}")


def _left(asked: str, url: str, faults: list[str]) -> None:
    if urlsplit(asked).scheme not in ("data", "blob") and urlsplit(asked).netloc != urlsplit(url).netloc:
        faults.append(f"asked {asked}")
