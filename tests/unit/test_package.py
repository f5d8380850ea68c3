from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import setuptools
from packaging.requirements import Requirement

import paddle_ner

ROOT = Path(paddle_ner.__file__).parent.parent
HEAVY = ("paddle", "paddlenlp", "paddleslim", "numpy", "fastapi", "datasets")


def modules_after(code: str) -> set[str]:
    script = f"{code}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import paddle_ner; paddle_ner.Entity, paddle_ner.Example, paddle_ner.Prediction, paddle_ner.__version__",
        "import paddle_ner.cli, paddle_ner.environment",
    ],
)
def test_importing_the_package_loads_nothing_heavy(code: str) -> None:
    assert not modules_after(code) & set(HEAVY)


def test_load_is_the_one_of_inference() -> None:
    from paddle_ner import inference

    assert paddle_ner.load is inference.load


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'lode'"):
        paddle_ner.lode  # noqa: B018


def test_the_version_has_one_source() -> None:
    assert metadata.version("paddle-ner") == paddle_ner.__version__


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {pin.name: str(pin.specifier) for pin in pins}


def test_every_constraint_also_stands_in_the_extras() -> None:
    """So that pip install 'paddle-ner[cpu,train]' works without the file."""
    asked = {
        requirement.name: str(requirement.specifier)
        for requirement in map(Requirement, metadata.requires("paddle-ner") or [])
    }
    assert constraints().items() <= asked.items()


def test_every_constraint_has_its_reason() -> None:
    text = (ROOT / "constraints.txt").read_text("utf-8")
    for block in re.split(r"\n\n", text):
        assert block.startswith("#"), block


def test_every_data_file_is_packaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that package_data forgets is there in an editable installation, and missing in every other."""

    given: dict[str, Any] = {}
    monkeypatch.setattr(setuptools, "setup", given.update)
    runpy.run_path(str(ROOT / "setup.py"))
    patterns = given["package_data"]["paddle_ner"]
    package = ROOT / "paddle_ner"
    files = {path for path in package.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert files == {path for pattern in patterns for path in package.glob(pattern)}


def test_only_the_package_is_packaged() -> None:
    installed = metadata.distribution("paddle-ner").read_text("top_level.txt") or ""
    assert installed.split() == ["paddle_ner"]
