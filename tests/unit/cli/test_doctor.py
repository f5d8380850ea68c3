from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from paddle_ner.cli.doctor import command

WITHOUT_PADDLE = """
import sys
sys.modules["paddle"] = None
from paddle_ner.cli import main
sys.exit(main(["doctor", "--offline", *sys.argv[1:]]))
"""


# In place of PaddlePaddle's CPU build, which takes seconds to import.
CPU_BUILD = """
from types import SimpleNamespace
__version__ = "3.1.1"
version = SimpleNamespace()
def is_compiled_with_cuda(): return False
def set_device(name): pass
def rand(size, dtype): return 1.0
def matmul(one, other): return SimpleNamespace(sum=lambda: 1.0)
"""


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command on a machine with the CPU build of PaddlePaddle and an NVIDIA A10."""
    (tmp_path / "paddle").mkdir()
    (tmp_path / "paddle/__init__.py").write_text(CPU_BUILD)
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\necho 'NVIDIA A10, 560.35.03, 24564 MiB, 8.6'\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return lambda *options: CliRunner().invoke(command, ["--offline", *options], standalone_mode=False)


def test_json_is_one_object_that_says_what_works() -> None:
    line = [sys.executable, "-m", "paddle_ner", "doctor", "--offline", "--json"]
    done = subprocess.run(line, capture_output=True, text=True)
    record = json.loads(done.stdout)
    assert record["healthy"] is (done.returncode == 0)
    assert record["framework"]["version"]
    assert record["framework"]["rates"][0][0] == "cpu"
    assert record["machine"]["cores"] >= 1
    assert record["network"]["tried"] is False


def test_without_a_framework_it_still_runs_and_names_the_fix() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_PADDLE], capture_output=True, text=True)
    # The tests' environment has other engines, which run without it.
    assert done.returncode == 0, done.stderr
    assert "PaddlePaddle is not installed" in done.stdout
    assert "pip install 'paddle-ner[cpu]'" in done.stdout


def test_a_gpu_beside_the_cpu_build_fails_where_a_gpu_is_asked_for(doctor: Callable[..., Result]) -> None:
    without = doctor()
    assert without.return_value == 0
    assert "warning  NVIDIA A10 is here, but the installed PaddlePaddle" in without.stdout
    done = doctor("--gpu")
    assert done.return_value == 1
    shown = done.stdout
    assert "NVIDIA A10, driver 560.35.03, 24564 MiB, compute capability 8.6" in shown
    assert "problem  NVIDIA A10 is here, but the installed PaddlePaddle" in shown


def test_the_commands_alone_are_printed(doctor: Callable[..., Result]) -> None:
    done = doctor("--fix-it")
    assert done.return_value == 0
    commands = done.stdout.splitlines()
    assert all(command.startswith("pip ") for command in commands)
    first = commands.index("pip uninstall -y paddlepaddle paddlepaddle-gpu")
    cuda_build = "pip install paddlepaddle-gpu==3.1.1 -i https://www.paddlepaddle.org.cn/packages/stable/cu126/"
    assert commands[first + 1] == cuda_build


def test_markdown_for_an_issue_has_a_table_findings_and_packages(doctor: Callable[..., Result]) -> None:
    shown = doctor("--markdown", "--gpu").stdout
    assert shown.startswith("| what | found |\n| --- | --- |\n| paddle-ner | ")
    assert "\n- **problem**: NVIDIA A10 is here" in shown
    assert "| click | " in shown


def test_it_says_what_each_engine_can_compute_here_and_how_fast_the_cpu_is(doctor: Callable[..., Result]) -> None:
    shown = doctor().stdout
    assert "ONNX Runtime" in shown
    assert "GFLOP/s, matrix product in fp32" in shown
