"""The Dockerfiles: checked by hadolint, and held to what docs/deployment.md says of the images."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.deployment.deployment_files import PORT, ROOT, instructions, last_stage, options_of_serve

FILES = sorted((ROOT / "docker").glob("*.Dockerfile"))
every = pytest.mark.parametrize("dockerfile", FILES, ids=lambda path: path.name)


def texts(stage: list[tuple[str, str]], instruction: str) -> list[str]:
    return [text for head, text in stage if head == instruction]


@every
def test_hadolint_finds_nothing(dockerfile: Path) -> None:
    done = subprocess.run([Path(sys.executable).parent / "hadolint", dockerfile], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


@every
def test_the_last_stage_installs_neither_compilers_nor_python_packages(dockerfile: Path) -> None:
    for run in texts(last_stage(dockerfile), "RUN"):
        assert not re.search(r"gcc|g\+\+|clang|build-essential|cmake|\bmake\b|-dev\b|pip\b", run), run


@every
def test_pip_leaves_no_cache_and_keeps_to_the_constraints(dockerfile: Path) -> None:
    installs = [run for run in texts(instructions(dockerfile), "RUN") if "pip" in run]
    assert installs
    for run in installs:
        assert "--no-cache-dir" in run
        assert "-c constraints.txt" in run or "--no-deps" in run


@every
def test_the_user_is_not_root_and_has_a_fixed_number(dockerfile: Path) -> None:
    assert texts(last_stage(dockerfile), "USER") == ["10001:10001"]


@every
def test_the_entry_point_is_serve_with_options_that_exist(dockerfile: Path) -> None:
    (entry,) = texts(last_stage(dockerfile), "ENTRYPOINT")
    words = json.loads(entry)
    options = options_of_serve(words[words.index("serve") + 1 :])
    assert (options["host"], options["port"]) == ("0.0.0.0", str(PORT))


@every
def test_the_health_check_asks_the_port_that_is_served_whether_it_is_ready(dockerfile: Path) -> None:
    stage = last_stage(dockerfile)
    assert texts(stage, "EXPOSE") == [str(PORT)]
    (check,) = texts(stage, "HEALTHCHECK")
    code = json.loads(check[check.index("[") :])[-1]
    assert f"http://127.0.0.1:{PORT}/health/ready" in code


@every
def test_what_it_copies_is_let_through_by_dockerignore_and_exists(dockerfile: Path) -> None:
    ignore = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert ignore[0] == "*"
    for copy in texts(instructions(dockerfile), "COPY"):
        if copy.startswith("--from="):
            continue
        for source in copy.split()[:-1]:
            assert (ROOT / source).exists()
            assert "!" + source.split("/")[0] in ignore


def test_the_gpu_image_is_that_of_the_pinned_framework() -> None:
    (pinned,) = re.findall(r"^paddlepaddle-gpu==(.+)$", (ROOT / "constraints.txt").read_text("utf-8"), flags=re.M)
    bases = [text for head, text in instructions(ROOT / "docker" / "gpu.Dockerfile") if text.startswith("BASE=")]
    assert bases == [f"BASE=paddlepaddle/paddle:{pinned}-gpu-${{CUDA}}"]
