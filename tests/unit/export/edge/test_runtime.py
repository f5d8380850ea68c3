"""The device's package: which modules it has, and that Python 3.8 runs them as they are."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

import paddle_ner
from paddle_ner.export.edge.runtime import PACKAGE, ROOTS, sources

ROOT = Path(paddle_ner.__file__).parent
# What a device has beside the standard library; the last two are imported when they are asked for.
PACKAGES = {PACKAGE, "numpy", "tokenizers", "onnxruntime", "tensorrt"}
COPIED = {name: text for name, text in sources().items() if not name.endswith("__init__.py")}
# Imports every module with stand-ins for the two packages, which a bare Python 3.8 lacks.
_IMPORT_ALL = """
import importlib, importlib.util, sys
from unittest.mock import MagicMock

for name in ("numpy", "numpy.typing", "tokenizers"):
    try:
        importlib.import_module(name)
    except ImportError:
        sys.modules[name] = MagicMock()
for module in sys.argv[1:]:
    importlib.import_module(module)
"""


def test_the_runtime_is_the_servers_own_code() -> None:
    assert {
        "data/texts.py",
        "edge/run.py",
        "features/tokenizer.py",
        "features/windows.py",
        "inference/predictor.py",
        "tasks/decoding.py",
    } <= set(COPIED)
    for name, text in COPIED.items():
        assert (ROOT / name).read_bytes() == text.encode("utf-8"), name


def test_what_only_training_and_the_server_need_is_not_copied() -> None:
    rooms = {name.split("/")[0] for name in COPIED}
    assert rooms == {"data", "drawing", "edge", "errors.py", "features", "files.py", "inference", "tasks", "types.py"}
    of_tasks = {name.partition("/")[2] for name in COPIED if name.startswith("tasks/")}
    assert of_tasks == {"crf.py", "decoding.py", "labels.py", "min_score.py", "spans.py", "terms.py"}


@pytest.mark.parametrize("name", COPIED)
def test_a_module_imports_what_a_device_has(name: str) -> None:
    for node in ast.walk(ast.parse(COPIED[name])):
        if isinstance(node, ast.ImportFrom):
            imported = [node.module or ""]
        elif isinstance(node, ast.Import):
            imported = [alias.name for alias in node.names]
        else:
            continue
        for module in imported:
            assert module.split(".")[0] in PACKAGES | sys.stdlib_module_names, f"{name}:{node.lineno}: {module}"


@pytest.mark.parametrize("name", COPIED)
def test_ruff_holds_a_module_to_python_3_8(name: str) -> None:
    settings = (ROOT.parent / "pyproject.toml").read_text("utf-8")
    patterns = re.findall(r'^"(\S+)" = "py38"$', settings, re.MULTILINE)
    assert any(fnmatch(f"{PACKAGE}/{name}", pattern) for pattern in patterns)


@pytest.mark.parametrize("name", COPIED)
def test_a_module_is_python_3_8(name: str) -> None:
    tree = ast.parse(COPIED[name], name, feature_version=(3, 8))
    keywords = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    assert not keywords & {"strict", "slots", "kw_only"}


def test_a_real_python_3_8_imports_it(tmp_path: Path) -> None:
    python = os.environ.get("PADDLE_NER_PYTHON38") or shutil.which("python3.8")
    if python is None or subprocess.run([python, "--version"], capture_output=True).returncode:
        pytest.skip("there is no python3.8 here: install one, or name it in PADDLE_NER_PYTHON38, to run this")
    for name, text in sources().items():
        path = tmp_path / PACKAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    modules = [f"{PACKAGE}.{name[:-3].replace('/', '.')}" for name in COPIED]
    assert set(ROOTS) <= set(modules)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-c", _IMPORT_ALL, *modules], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
