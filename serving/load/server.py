"""A server of our own for a load test: `paddle-ner serve` in a process of its own, on a free port."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_START_SECONDS = 120


@dataclass(frozen=True)
class Running:
    """Where it answers, and which process it is."""

    url: str
    pid: int


@contextmanager
def running(bundle: str, *arguments: str) -> Iterator[Running]:
    """A server over `bundle` that is ready, until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "paddle_ner", "serve", bundle, "--port", "0", "--ready-file", str(ready)]
        process = subprocess.Popen([*command, *arguments])
        try:
            give_up = time.monotonic() + _START_SECONDS
            while not ready.exists():
                if process.poll() is not None:
                    raise SystemExit(f"the server ended with {process.returncode} before it was ready")
                if time.monotonic() > give_up:
                    raise SystemExit(f"the server was not ready after {_START_SECONDS} s")
                time.sleep(0.05)
            record = json.loads(ready.read_text())
            yield Running(record["url"], record["pid"])
            if process.poll() is not None:
                raise SystemExit(f"the server ended with {process.returncode} during the test")
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
