from __future__ import annotations

import subprocess
import sys
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from paddle_ner import environment
from paddle_ner.errors import InputError

BLOCKED = """
import sys
sys.modules.update(dict.fromkeys({blocked!r}))
from paddle_ner.environment import require
from paddle_ner.errors import MissingPackageError
try:
    require(*{wanted!r}, needed_for="train")
except MissingPackageError as error:
    print(error)
"""


def message_without(blocked: list[str], wanted: list[str]) -> str:
    script = BLOCKED.format(blocked=blocked, wanted=wanted)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout


def test_without_a_framework_one_line_names_the_extra() -> None:
    message = message_without(["paddle"], ["paddle"])
    assert message.startswith("train needs PaddlePaddle, which is not installed: pip install 'paddle-ner[cpu]'")
    assert message.count("\n") == 1


def test_all_that_is_missing_is_installed_by_one_command() -> None:
    message = message_without(["paddle", "paddlenlp", "paddleslim"], ["paddle", "paddlenlp", "paddleslim"])
    assert "pip install 'paddle-ner[cpu,train]'" in message


def test_nothing_is_said_where_all_is_there() -> None:
    environment.require(needed_for="predict")
    assert environment.is_installed("pytest")


def test_a_package_without_an_extra_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(InputError, match="padle"):
        environment.require("padle", needed_for="train")


def test_every_package_of_require_is_one_that_the_metadata_asks_for() -> None:
    asked = list(map(Requirement, metadata.requires("paddle-ner") or []))
    for package in environment.PACKAGES.values():
        name = "paddlepaddle" if package.module == "paddle" else package.module
        assert any(one.name == name and one.marker and one.marker.evaluate({"extra": package.extra}) for one in asked)
