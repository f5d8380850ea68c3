"""A short form of `serving/load/soak.py`, which measures memory; here only what memory depends on."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from connection import Target
from load import Result, closed_loop, make_bodies, make_texts

from paddle_ner.inference.planning import LENGTHS
from paddle_ner.serving import Settings
from tests.unit.serving.harness import PATIENCE, ThreadServer

SCRIPTS = Path(__file__).parents[2] / "serving" / "load"


def test_texts_of_every_length_reach_the_engine_in_a_bounded_number_of_shapes(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from paddle_ner.inference.engines.paddle import PaddleEngine

    shapes: set[tuple[int, int]] = set()
    run = PaddleEngine.run

    def noting(engine: PaddleEngine, input_ids: Any) -> Any:
        shapes.add(input_ids.shape)
        return run(engine, input_ids)

    monkeypatch.setattr(PaddleEngine, "run", noting)
    settings = Settings.create(models={"tiny": bundle}, batch_tokens=1024, deadline_seconds=PATIENCE)
    from paddle_ner.serving import load_model

    server = ThreadServer(settings, load_model)
    with server.running():
        assert server.loaded.wait(PATIENCE)
        bodies = make_bodies(make_texts(400, 1, 2000), 1)
        result = asyncio.run(closed_loop(Target.of(server.url), bodies, 8, 3.0, Result()))
    assert set(result.statuses) == {200}
    assert {length for _, length in shapes} <= {length for length in LENGTHS if length <= 64}  # the bundle's window
    assert all(rows * length <= 1024 for rows, length in shapes)


def test_the_script_watches_the_memory_of_a_server_of_its_own(bundle: Path) -> None:
    command = [sys.executable, str(SCRIPTS / "soak.py"), str(bundle), "--duration", "4", "--settle", "2", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE * 4)
    outcome = json.loads(done.stdout)
    assert done.returncode == (1 if outcome["broken"] else 0), done.stderr
    assert set(outcome["statuses"]) == {"200"}
    assert all(value > 0 for value in outcome["memory_bytes"].values())
