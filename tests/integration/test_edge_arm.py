"""The folder on a 64-bit Arm, emulated: labels and offsets are those that were expected here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.arm.emulation import ArmPython, cache_folder, missing
from tests.integration.edge_folders import make_folder

for package in ("paddle", "paddlenlp", "paddle2onnx", "onnxruntime"):
    pytest.importorskip(package)


@pytest.fixture(scope="module")
def arm() -> ArmPython:
    if hint := missing():
        pytest.skip(f"an Arm cannot be emulated here: {hint}")
    return ArmPython(cache_folder())


def test_it_is_an_arm(arm: ArmPython, tmp_path: Path) -> None:
    assert arm.run(["-c", "import platform; print(platform.machine())"], tmp_path).stdout == "aarch64\n"


def test_the_expected_answers_come_from_an_arm_at_fp32_and_at_int8(arm: ArmPython, tmp_path: Path) -> None:
    folder = make_folder(tmp_path, "ner", int8=True).folder
    for precision in ("fp32", "int8"):
        done = arm.run(["check.py", "--engine", "onnxruntime", "--precision", precision, "--json"], folder)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        assert report["same"] == report["texts"] > 5 and report["precision"] == precision
