"""The server starts again with the allocator's settings that it lacks, once, and keeps what the user has set."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from paddle_ner.allocator import SERVE, lacking

PROGRAM = (
    "import json, os, sys; from paddle_ner import allocator; print('started', os.getpid(), flush=True);"
    "allocator.restart_with(allocator.SERVE);"
    "print(json.dumps([os.getpid(), sys.argv[1:], {name: os.environ.get(name) for name in allocator.SERVE}]))"
)


def test_what_the_user_has_set_is_kept() -> None:
    assert lacking({"A": "1", "B": "2"}, {"A": "9"}) == {"B": "2"}


def test_a_process_starts_again_once_under_its_own_id_with_its_arguments() -> None:
    environment = {name: value for name, value in os.environ.items() if name not in SERVE}
    environment["GLIBC_TUNABLES"] = "glibc.malloc.check=0"
    command = [sys.executable, "-c", PROGRAM, "serve", "a b"]
    *starts, last = subprocess.run(command, env=environment, capture_output=True, text=True).stdout.splitlines()
    number, arguments, settings = json.loads(last)
    assert starts == [f"started {number}"] * 2
    assert arguments == ["serve", "a b"]
    assert settings == {**SERVE, "GLIBC_TUNABLES": "glibc.malloc.check=0"}
