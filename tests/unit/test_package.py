from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import setuptools
import yaml
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


def test_the_licence_is_in_the_metadata_and_in_what_is_installed() -> None:
    distribution = metadata.distribution("paddle-ner")
    assert distribution.metadata["License"] == "Apache-2.0"
    assert "License :: OSI Approved :: Apache Software License" in distribution.metadata.get_all("Classifier", [])
    assert distribution.metadata.get_all("License-File") == ["LICENSE"]
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text("utf-8")


def test_the_changelog_is_at_the_version() -> None:
    """Its first heading is what comes next; the second, once there is a release, is the version."""
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    released = [heading for heading in headings[1:] if re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", heading)]
    assert released == headings[1:]
    assert not released or released[0].startswith(f"[{paddle_ner.__version__}] - ")


def lint_commands() -> list[str]:
    """What `make lint` runs once everything is installed."""
    command = ["make", "-n", "-o", ".venv/.installed-dev", "-o", "node_modules/.installed", "lint"]
    # Not what a `make test` around these tests passes on.
    passed_on = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    environment = {name: value for name, value in os.environ.items() if name not in passed_on}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return [line.strip() for line in done.stdout.splitlines()]


def test_pre_commit_runs_the_commands_of_make_lint() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    hooks = [hook for repo in config["repos"] for hook in repo["hooks"]]
    assert [hook["entry"] for hook in hooks] == lint_commands()
    assert not any(hook.get("pass_filenames", True) for hook in hooks)


def test_pre_commit_accepts_its_configuration() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(ROOT / ".pre-commit-config.yaml")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_make_lint_says_that_npm_is_missing(tmp_path: Path) -> None:
    for name in ("Makefile", "package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / name, tmp_path / name)
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("make", "sh"):
        (tools / tool).symlink_to(shutil.which(tool) or tool)

    done = subprocess.run(
        ["make", "-o", ".venv/.installed-dev", "lint"],
        cwd=tmp_path,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 2
    assert done.stdout.startswith("make: npm is missing")
    assert len(done.stdout.splitlines()) == 1


def test_the_lock_of_the_linters_names_no_registry() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]
    assert len(packages) > 2
    assert not [name for name, package in packages.items() if "resolved" in package]


def test_every_linter_of_the_page_is_pinned() -> None:
    asked = json.loads((ROOT / "package.json").read_text("utf-8"))
    assert asked.keys() & {"dependencies", "scripts"} == set()
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in asked["devDependencies"].values())
