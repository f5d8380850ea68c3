from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.unit.serving.harness import PATIENCE

FAKES = Path(__file__).with_name("fakes.py")
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """A server over a fake model in a process of its own; its first line is its URL."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(FAKES), *arguments]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_sigterm_finishes_what_is_under_way_refuses_the_rest_and_exits_0(start: Start) -> None:
    process = start("held")
    with httpx.Client(base_url=line(process), timeout=PATIENCE) as client, ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(client.post, "/predict", json={"text": "IBM"})
        assert line(process) == "computing"
        process.send_signal(signal.SIGTERM)
        while client.get("/health/ready").status_code == 200:
            pass
        refused = client.post("/predict", json={"text": "late"})
        assert (refused.status_code, refused.json()["type"]) == (503, "/docs#draining")
        process.send_signal(signal.SIGUSR1)
        answer = under_way.result(PATIENCE)
        assert answer.json()["predictions"][0]["entities"][0]["text"] == "IBM"
    assert process.wait(PATIENCE) == 0


def test_past_the_drain_timeout_the_rest_is_answered_503_and_the_exit_is_still_0(start: Start) -> None:
    process = start("held", "drain_timeout=0.1")
    with httpx.Client(base_url=line(process), timeout=PATIENCE) as client, ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(client.post, "/predict", json={"text": "IBM"})
        assert line(process) == "computing"
        process.send_signal(signal.SIGTERM)
        answer = under_way.result(PATIENCE)
        assert (answer.status_code, answer.json()["type"]) == (503, "/docs#draining")
    assert process.wait(PATIENCE) == 0


def test_a_second_signal_ends_without_waiting(start: Start) -> None:
    process = start("held", "drain_timeout=1000")
    with httpx.Client(base_url=line(process), timeout=PATIENCE) as client, ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(client.post, "/predict", json={"text": "IBM"})
        assert line(process) == "computing"
        process.send_signal(signal.SIGTERM)
        while client.get("/health/ready").status_code == 200:
            pass
        process.send_signal(signal.SIGTERM)
        assert under_way.result(PATIENCE).status_code == 503
    assert process.wait(PATIENCE) == 0


def test_ctrl_c_drains_and_exits_130(start: Start) -> None:
    process = start()
    line(process)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 130


def test_a_model_that_cannot_load_ends_the_server_with_its_error(start: Start) -> None:
    process = start("path=broken")
    assert line(process) == "error: broken/manifest.json: no such file"
    assert process.wait(PATIENCE) == 2


def test_a_port_in_use_is_said_in_one_line(start: Start) -> None:
    port = line(start()).rpartition(":")[2]
    second = start(f"port={port}")
    assert line(second) == f"error: cannot listen on 127.0.0.1 port {port}: Address already in use; " + (
        "name another --host or --port"
    )
    assert second.wait(PATIENCE) == 2


def test_the_ready_file_is_there_while_the_server_is_ready(start: Start, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    process = start(f"ready_file={ready}")
    url = line(process)
    record = json.loads(ready.read_text())
    assert (record["url"], record["pid"]) == (url, process.pid)
    assert httpx.get(f"{url}/health/ready").status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert not ready.exists()


def test_serving_imports_no_framework() -> None:
    code = (
        "import sys, paddle_ner.serving, paddle_ner.cli.serve;"
        "print([m for m in ('paddle', 'paddlenlp', 'paddleslim', 'onnxruntime', 'torch') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_the_second_server_on_a_port_ends_at_once_while_the_first_still_loads(tmp_path: Path) -> None:
    code = (
        "import sys, threading\n"
        "from paddle_ner.serving import Settings, run\n"
        "def load(*_):\n"
        "    print('loading', flush=True)\n"
        "    threading.Event().wait()\n"
        "run(Settings.create(models={'a': '.'}, port=int(sys.argv[1])), load)\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = [sys.executable, "-c", code, port]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert line(first) == "loading"
        second = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        assert "loading" not in second.stdout
        assert f"cannot listen on 127.0.0.1 port {port}: Address already in use" in second.stderr
    finally:
        first.kill()
        first.communicate()


def test_a_ready_file_that_cannot_be_written_ends_the_server_with_2(start: Start, tmp_path: Path) -> None:
    process = start(f"ready_file={tmp_path / 'absent' / 'ready'}")
    assert line(process) == f"error: --ready-file {tmp_path / 'absent' / 'ready'}: No such file or directory"
    assert process.wait(PATIENCE) == 2
