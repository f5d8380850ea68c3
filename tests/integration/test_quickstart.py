"""`paddle-ner quickstart`, cut short: what it writes and what it prints.

Tests `paddle_ner.quickstart` and `paddle_ner.cli.quickstart` too.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.data.sample import SIZES, unseen_sentence


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The quickstart, cut short after a few updates: its folder, and what it printed."""
    folder = tmp_path_factory.mktemp("quickstart")
    command = [sys.executable, "-m", "paddle_ner", "quickstart", "--json", "--output", str(folder / "run")]
    done = subprocess.run([*command, "--set", "training.max_steps=3"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "run", json.loads(done.stdout)


def test_it_leaves_data_checkpoint_and_bundle(run: tuple[Path, dict[str, Any]]) -> None:
    folder, record = run
    assert {path.name for path in (folder / "data").iterdir()} == {"train.jsonl", "dev.jsonl", "test.jsonl"}
    assert record["checkpoint"] == str(folder / "checkpoint")
    assert record["bundle"] == str(folder / "bundle")
    assert (folder / "checkpoint" / "paddle_ner.json").exists()
    assert (folder / "bundle" / "manifest.json").exists()


def test_a_server_answered_about_the_unseen_sentence(run: tuple[Path, dict[str, Any]]) -> None:
    folder, record = run
    assert record["prediction"]["text"] == unseen_sentence().text
    assert "serving quickstart on http://127.0.0.1:" in (folder / "serve.log").read_text("utf-8")


def test_the_server_has_stopped(run: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = run
    assert not (folder / "serve.ready").exists()


def test_it_reports_on_the_test_set(run: tuple[Path, dict[str, Any]]) -> None:
    _, record = run
    assert (record["test"]["metric"], record["test"]["examples"]) == ("f1", SIZES["test"])


def test_its_config_is_one_that_train_takes(run: tuple[Path, dict[str, Any]]) -> None:
    from paddle_ner import config

    folder, _ = run
    assert config.load(folder / "quickstart.yaml").data.root == str(folder / "data")
