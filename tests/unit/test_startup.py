"""A command that times or serves engines starts again with the settings that it lacks, once; the user's own stay."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from paddle_ner import startup
from paddle_ner.cli import main
from paddle_ner.startup import ENGINES, lacking

PROGRAM = (
    "import json, os, sys; from paddle_ner import startup; print('started', os.getpid(), flush=True);"
    "startup.restart_with(startup.ENGINES);"
    "print(json.dumps([os.getpid(), sys.argv[1:], {name: os.environ.get(name) for name in startup.ENGINES}]))"
)


def test_what_the_user_has_set_is_kept() -> None:
    assert lacking({"A": "1", "B": "2"}, {"A": "9"}) == {"B": "2"}


def test_a_process_starts_again_once_under_its_own_id_with_its_arguments() -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ENGINES}
    environment["GLIBC_TUNABLES"] = "glibc.malloc.check=0"
    command = [sys.executable, "-c", PROGRAM, "serve", "a b"]
    *starts, last = subprocess.run(command, env=environment, capture_output=True, text=True).stdout.splitlines()
    number, arguments, settings = json.loads(last)
    assert starts == [f"started {number}"] * 2
    assert arguments == ["serve", "a b"]
    assert settings == {**ENGINES, "GLIBC_TUNABLES": "glibc.malloc.check=0"}


@pytest.mark.parametrize(
    ("command", "restarts"),
    [(["serve"], 1), (["--debug", "serve"], 1), (["export"], 1), (["benchmark"], 1), (["predict"], 0), ([], 0)],
)
def test_what_serves_engines_and_what_times_them_runs_with_the_same_settings(
    monkeypatch: pytest.MonkeyPatch, command: list[str], restarts: int
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(startup, "restart_with", asked.append)
    monkeypatch.setattr(sys, "argv", ["paddle-ner", *command, "--help"])
    assert main() == 0
    assert asked == [ENGINES] * restarts
