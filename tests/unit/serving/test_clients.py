from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from paddle_ner.serving import keys
from tests.unit.serving.harness import PATIENCE

CLIENTS = Path(__file__).parents[3] / "serving" / "clients"
Serve = Callable[..., httpx.Client]


@pytest.mark.parametrize(
    ("name", "program"), [("client.py", sys.executable), ("client.mjs", "node"), ("curl.sh", "sh")]
)
def test_a_client_sends_the_key_of_its_environment(serve: Serve, name: str, program: str) -> None:
    for needed in (program, "curl" if program == "sh" else program):
        if shutil.which(needed) is None and "CI" not in os.environ:
            pytest.skip(f"apt-get install {needed if needed == 'curl' else 'nodejs'}")
    key, hashed = keys.create("web")
    url = str(serve(api_key_hashes=hashed.line).base_url).rstrip("/")
    environment = {name: value for name, value in os.environ.items() if name != "PADDLE_NER_API_KEY"}
    command = [program, str(CLIENTS / name), url, "我在IBM"]

    def run(extra: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env={**environment, **extra}, capture_output=True, text=True, timeout=PATIENCE)

    answered = run({"PADDLE_NER_API_KEY": key})
    assert answered.returncode == 0, answered.stderr
    assert '"IBM"' in json.dumps(json.loads(answered.stdout))
    refused = run({})
    assert refused.returncode != 0
    assert "nauthorized" in refused.stdout + refused.stderr
