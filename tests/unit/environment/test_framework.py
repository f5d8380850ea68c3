"""PaddlePaddle is asked in a process of its own; packages of that name stand in for builds that this machine lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_ner.environment.framework import Framework, cuda_of_files, probe_framework

CUDA_BUILD = """
from types import SimpleNamespace
__version__ = "3.1.1"
version = SimpleNamespace(cuda=lambda: "12.6", cudnn=lambda: "9.5.1", cuda_archs=lambda: [80, 86])
cuda = SimpleNamespace(device_count=lambda: 1, get_device_name=lambda number: "NVIDIA A10")
device = SimpleNamespace(cuda=cuda)
def is_compiled_with_cuda(): return True
def set_device(name):
    if name != "cpu": raise OSError("(External) CUDA error(209), no kernel image is available for execution")
def rand(size, dtype): return 1.0
class utils:
    def run_check(): raise RuntimeError("no training on this GPU")
class Product:
    def sum(self): return 1.0
def matmul(one, other): return Product()
"""


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a package named paddle that is imported instead of the real one."""
    package = tmp_path / "paddle"
    package.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    return package / "__init__.py"


def test_the_installed_framework_answers_and_multiplies() -> None:
    framework = probe_framework()
    assert isinstance(framework, Framework)
    assert framework.failures == ()
    assert next(device for device, _ in framework.rates) == "cpu"
    assert all(rate > 0 for _, rate in framework.rates)


def test_a_build_for_cuda_says_what_it_was_compiled_for_and_what_fails(build: Path) -> None:
    build.write_text(CUDA_BUILD)
    framework = probe_framework()
    assert isinstance(framework, Framework)
    assert (framework.cuda, framework.cudnn, framework.devices) == ("12.6", "9.5.1", ("NVIDIA A10",))
    assert framework.architectures == (80, 86)
    assert [device for device, _ in framework.rates] == ["cpu"]
    (what, error), check = framework.failures
    assert what == "a matrix product on gpu:0"
    assert check == ("paddle.utils.run_check", "RuntimeError: no training on this GPU")
    assert error.startswith("OSError: (External) CUDA error(209), no kernel image is available")


def test_an_import_that_fails_says_its_last_line(build: Path) -> None:
    build.write_text("raise ImportError('libcudart.so.12: cannot open shared object file')\n")
    assert probe_framework() == "import paddle fails: ImportError: libcudart.so.12: cannot open shared object file"


def test_an_import_that_crashes_says_its_signal(build: Path) -> None:
    build.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")
    assert probe_framework() == "import paddle fails: killed by SIGILL"


def test_an_import_that_hangs_is_ended(build: Path) -> None:
    build.write_text("import threading\nthreading.Event().wait()\n")
    assert probe_framework(timeout=1) == "import paddle fails: it did not end within 1 s"


def test_a_cpu_that_cannot_compute_is_told_from_an_import_that_fails(build: Path) -> None:
    build.write_text(CUDA_BUILD + "def matmul(one, other): raise RuntimeError('no such instruction')\n")
    framework = probe_framework()
    assert isinstance(framework, Framework)
    assert dict(framework.failures)["a matrix product on cpu"] == "RuntimeError: no such instruction"


def test_the_cuda_of_a_build_that_cannot_be_imported_is_read(build: Path) -> None:
    build.write_text("raise ImportError('libcudart.so.12')\n")
    (build.parent / "version").mkdir()
    (build.parent / "version/__init__.py").write_text("full_version = '3.1.1'\ncuda_version     = '12.6'\n")
    assert cuda_of_files() == "12.6"


def test_the_cpu_build_has_no_cuda(build: Path) -> None:
    build.touch()
    (build.parent / "version").mkdir()
    (build.parent / "version/__init__.py").write_text("cuda_version     = 'False'\n")
    assert cuda_of_files() is None


def test_a_file_of_the_working_directory_is_not_imported(
    build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build.write_text("import random\n" + CUDA_BUILD)
    (tmp_path / "work").mkdir()
    for name in ("random.py", "json.py", "paddle.py"):
        (tmp_path / "work" / name).write_text("raise SystemExit('imported')\n")
    monkeypatch.chdir(tmp_path / "work")
    assert isinstance(probe_framework(), Framework)
