"""schemathesis reads the server's own OpenAPI document and asks a real server what it allows and what it forbids.

Tests `paddle_ner.serving.description` too.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from paddle_ner.serving import keys
from tests.unit.serving.harness import PATIENCE

pytest.importorskip("schemathesis", reason="pip install schemathesis")

Serve = Callable[..., httpx.Client]


def check(client: httpx.Client, folder: Path, *options: str) -> None:
    """All checks in all phases find nothing; the same examples every time."""
    program = Path(sys.executable).with_name("schemathesis")
    command = [str(program), "run", str(client.base_url.join("/openapi.json")), "--checks", "all", "--no-color"]
    command += ["--generation-deterministic", "--max-examples", "40", "--request-timeout", str(PATIENCE), *options]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-2000:]
    assert "No issues found" in result.stdout


def test_the_server_does_what_its_description_says(serve: Serve, tmp_path: Path) -> None:
    check(serve(models={"fake": "a", "other": "b"}, max_texts=3, max_characters=40), tmp_path)


def test_the_server_does_what_its_description_says_with_keys(serve: Serve, tmp_path: Path) -> None:
    key, hashed = keys.create("web")
    client = serve(api_key_hashes=hashed.line, max_texts=3, max_characters=40)
    check(client, tmp_path, "--header", f"Authorization: Bearer {key}")


def test_the_description_says_which_routes_need_a_key(serve: Serve) -> None:
    paths = serve(api_key_hashes=keys.create("web")[1].line).get("/openapi.json").json()["paths"]
    keyed = {path for path, operations in paths.items() for one in operations.values() if "security" in one}
    assert keyed == {"/predict", "/models/{name}/predict", "/models", "/stats"}
    assert "security" not in str(serve().get("/openapi.json").json())
