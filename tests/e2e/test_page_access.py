from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.serving import keys
from tests.e2e.page_steps import analyse, download, marks, records

Visit = Callable[..., Any]


@pytest.fixture
def guarded(serve: Callable[..., Any]) -> tuple[str, str]:
    """The URL of a server that asks for a key, and the key."""
    key, hashed = keys.create("web")
    return serve(api_key_hashes=hashed.line).url, key


def give(page: Any, key: str) -> None:
    page.fill("#key", key)
    page.press("#key", "Enter")


def test_a_key_is_asked_for_once_and_sent_from_then_on(visit: Visit, guarded: tuple[str, str], tmp_path: Path) -> None:
    url, key = guarded
    page = visit(url, ready=False)
    page.wait_for_selector("#key-dialog[open]")
    give(page, f" {key}\n")
    page.wait_for_selector("#examples li")
    analyse(page, "王小明")
    assert marks(page)[0][:2] == ("王小明", "PER")
    page.set_input_files("#file", {"name": "a.txt", "mimeType": "", "buffer": "北京\n李娜\n".encode()})
    page.click("#file-start:enabled")
    page.wait_for_selector("#file-download:visible")
    assert len(records(download(page, "#file-download", tmp_path))) == 2
    assert page.is_hidden("#key-dialog")
    assert page.is_hidden("#metrics")  # a link sends no key


def test_the_key_stays_in_the_tab_and_nowhere_else(visit: Visit, guarded: tuple[str, str]) -> None:
    url, key = guarded
    page = visit(url, ready=False)
    page.wait_for_selector("#key-dialog[open]")
    give(page, key)
    page.wait_for_selector("#examples li")
    page.reload()
    page.wait_for_selector("#examples li")
    assert key in page.evaluate("JSON.stringify(sessionStorage)")
    assert key not in page.evaluate("JSON.stringify(localStorage) + document.cookie + location.href")
    assert page.input_value("#key") == ""


def test_a_wrong_key_is_said_to_be_wrong_and_another_asked_for(visit: Visit, guarded: tuple[str, str]) -> None:
    url, key = guarded
    page = visit(url, ready=False)
    page.wait_for_selector("#key-dialog[open]")
    give(page, "web.wrong")
    page.wait_for_selector("#key-refused:has-text('不被接受')")
    give(page, key)
    page.wait_for_selector("#examples li")


def test_without_a_key_the_page_says_so_and_asks_again_on_demand(visit: Visit, guarded: tuple[str, str]) -> None:
    url, key = guarded
    page = visit(url, ready=False)
    page.wait_for_selector("#key-dialog[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("text=这个服务需要 API 密钥")
    page.click("text=输入密钥")
    give(page, key)
    page.wait_for_selector("#examples li")


def stats(rate: float, queue: int = 0) -> dict[str, Any]:
    return {"models": {"names": {"texts_per_second": rate, "latency_ms": {"p50": 8.25, "p95": 21.4}, "queue": queue}}}


def test_throughput_and_latency_are_shown_live(visit: Visit) -> None:
    rates = iter([3.04, 1830.4])
    page = visit(before=lambda page: page.route("**/stats", lambda route: route.fulfill(json=stats(next(rates, 5), 2))))
    page.wait_for_selector("#stats-line:has-text('3 条/秒 · p50 8.3 · p95 21 毫秒 · 排队 2')")
    page.wait_for_selector("#stats-line:has-text('1,830 条/秒')")
    page.wait_for_selector("#spark[points*=' ']", state="attached")


def test_the_servers_own_figures_are_shown(visit: Visit, serve: Callable[..., Any]) -> None:
    page = visit(serve().url)
    analyse(page, "王小明")
    page.wait_for_selector("#stats-line:has-text('p50')")


def test_a_server_without_figures_is_asked_once(visit: Visit) -> None:
    asked: list[str] = []

    def absent(route: Any) -> None:
        asked.append(route.request.url)
        route.fulfill(status=404, content_type="application/problem+json", body=json.dumps({"type": "/docs#not-found"}))

    page = visit(before=lambda page: (page.clock.install(), page.route("**/stats", absent)))
    analyse(page, "王小明")
    page.clock.run_for(10_000)
    analyse(page, "李娜")
    assert page.is_hidden("#stats")
    assert len(asked) == 1
