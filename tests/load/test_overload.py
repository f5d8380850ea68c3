"""Short forms of `serving/load/overload.py`, which measures; here nothing depends on how fast the machine is."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import numpy as np
import pytest
from connection import Target
from load import Result, closed_loop, make_bodies, make_texts, open_loop
from numpy.typing import NDArray

from paddle_ner.features.windows import Window
from paddle_ner.serving import Settings
from tests.unit.serving.fakes import FakeModel
from tests.unit.serving.harness import PATIENCE, ThreadServer

SCRIPTS = Path(__file__).parents[2] / "serving" / "load"
BOUNDS = {"max_queue": 16, "max_texts": 4, "deadline_seconds": 0.5, "batch_tokens": 256}


class SlowModel(FakeModel):
    """Takes 20 ms a batch, and notes how long the queue was."""

    queue = staticmethod(lambda: 0)

    def __init__(self) -> None:
        super().__init__()
        self.queues: list[int] = []

    def run(self, rows: Sequence[Window]) -> list[dict[str, NDArray[np.float32]]]:
        time.sleep(0.02)
        self.queues.append(self.queue())
        return super().run(rows)


@pytest.mark.parametrize("loop", ["closed", "open"])
def test_under_overload_every_request_is_answered_and_the_queue_keeps_its_bound(loop: str) -> None:
    model = SlowModel()
    server = ThreadServer(Settings.create(models={"fake": "."}, **BOUNDS), lambda path, settings: [model])
    bodies = make_bodies(make_texts(200, 1, 60), 4)
    result = Result(texts_a_request=4)
    with server.running():
        assert server.loaded.wait(PATIENCE)
        service = server.app.state.service
        model.queue = lambda: service.metrics.model("fake").queue_length
        if loop == "closed":
            asyncio.run(closed_loop(Target.of(server.url), bodies, 48, 2.0, result))
        else:
            asyncio.run(open_loop(Target.of(server.url), bodies, 300.0, 2.0, result))
        assert set(result.statuses) <= {200, 429, 504}
        assert result.statuses[200] and result.statuses[429]
        assert 0 < max(model.queues) <= BOUNDS["max_queue"]
        afterwards = httpx.post(f"{server.url}/predict", json={"text": "IBM"}, timeout=PATIENCE)
        assert afterwards.json()["predictions"][0]["entities"][0]["text"] == "IBM"
        assert service.metrics.model("fake").queue_length == 0


def test_the_generator_notices_a_request_that_gets_no_answer() -> None:
    async def run() -> Result:
        async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(1)
            writer.transport.abort()

        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        result = await closed_loop(Target.of(f"http://127.0.0.1:{port}"), [b"{}"], 2, 0.05, Result())
        server.close()
        return result

    assert set(asyncio.run(run()).statuses) == {0}


def test_the_scripts_find_the_peak_go_over_it_and_say_what_came(bundle: Path) -> None:
    command = [sys.executable, str(SCRIPTS / "overload.py"), str(bundle), "--duration", "2", "--probe", "1", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE * 4)
    outcome = json.loads(done.stdout)
    assert done.returncode == (1 if outcome["broken"] else 0), done.stderr
    assert outcome["peak"]["statuses"].keys() <= {"200", "429"}
    assert "0" not in outcome["overload"]["statuses"]
    assert outcome["rate"] == pytest.approx(3 * outcome["peak"]["requests_per_second"], rel=0.05)


def test_load_on_a_running_server_is_reported_as_json(tmp_path: Path) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("IBM\n\n在北京\n", encoding="utf-8")
    server = ThreadServer(Settings.create(models={"fake": "."}), lambda path, settings: [FakeModel()])
    with server.running():
        assert server.loaded.wait(PATIENCE)
        command = [sys.executable, str(SCRIPTS / "load.py"), server.url, "--duration", "0.5", "--json"]
        for loop in (["--clients", "2"], ["--rate", "20"]):
            done = subprocess.run([*command, *loop, "--file", str(texts)], capture_output=True, text=True, check=True)
            record = json.loads(done.stdout)
            assert set(record["statuses"]) == {"200"}
            assert record["texts_per_second"] > 0 and record["latency_ms"]["p99"] >= record["latency_ms"]["p50"]
