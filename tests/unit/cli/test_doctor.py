from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from paddle_ner import environment
from paddle_ner.environment import Dependency, Framework, findings
from paddle_ner.inference.engines import ENGINES

WITHOUT_PADDLE = """
import sys
sys.modules["paddle"] = None
from paddle_ner.cli import main
sys.exit(main(["doctor", *sys.argv[1:]]))
"""
CPU = Framework("3.1.1", None, ())


def dependency(name: str, extra: str, installed: str | None, wanted: str = "", fits: bool = True) -> Dependency:
    return Dependency(name, wanted, extra, installed, fits and installed is not None)


WHOLE = [
    dependency("click", "", "8.3"),
    dependency("paddlepaddle", "cpu", "3.1.1"),
    dependency("paddlenlp", "train", "2.8.1"),
]


def test_json_is_one_object_that_says_what_works() -> None:
    done = subprocess.run([sys.executable, "-m", "paddle_ner", "doctor", "--json"], capture_output=True, text=True)
    record = json.loads(done.stdout)
    assert record["healthy"] is (done.returncode == 0)
    assert record["framework"]["version"]
    assert record["machine"]["cores"] >= 1


def test_without_a_framework_it_still_runs_and_names_the_fix() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_PADDLE], capture_output=True, text=True)
    # The tests' environment has other engines, which run without it.
    assert done.returncode == 0, done.stderr
    assert "PaddlePaddle is not installed" in done.stdout
    assert "pip install 'paddle-ner[cpu]'" in done.stdout


def test_without_a_framework_bundles_with_an_onnx_graph_still_run_where_another_engine_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(environment, "is_installed", lambda module: module == "openvino")
    alone = [WHOLE[0], dependency("paddlepaddle", "cpu", None)]
    (finding,) = findings(alone, None)
    assert (finding.level, finding.fix) == ("problem", "pip install 'paddle-ner[cpu]'")
    others = [engine.package for engine in ENGINES.values() if engine.graph == "onnx" and engine.name == "openvino"]
    (finding,) = findings([*alone, dependency("openvino", "openvino", "2026.4.1")], None, others)
    assert finding.level == "warning" and finding.message.endswith("only bundles with an ONNX graph run, by openvino")


def test_a_whole_installation_has_no_findings() -> None:
    assert findings(WHOLE, CPU) == []


def test_an_absent_extra_is_a_warning() -> None:
    found = findings([*WHOLE[:2], dependency("paddlenlp", "train", None)], CPU)
    assert [(each.level, each.fix) for each in found] == [("warning", "pip install 'paddle-ner[train]'")]


def test_an_untested_version_is_a_warning_that_names_both() -> None:
    found = findings([*WHOLE, dependency("protobuf", "train", "7.1", "<7,>=6.31", fits=False)], CPU)
    assert [(each.level, each.message) for each in found] == [("warning", "protobuf is 7.1, tested was <7,>=6.31")]
    assert found[0].fix == "pip install 'protobuf<7,>=6.31'"


def test_a_missing_plain_dependency_is_a_problem() -> None:
    found = findings([dependency("click", "", None), *WHOLE[1:]], CPU)
    assert [each.level for each in found] == ["problem"]


def test_two_builds_of_the_framework_are_a_problem() -> None:
    found = findings([*WHOLE, dependency("paddlepaddle-gpu", "gpu", "3.1.1")], CPU)
    assert [each.level for each in found] == ["problem"]
    assert "overwrite each other" in found[0].message


def test_a_gpu_build_without_a_gpu_is_a_warning() -> None:
    found = findings(WHOLE, Framework("3.1.1", "12.6", ()))
    assert [each.level for each in found] == ["warning"]
    assert "CUDA 12.6" in found[0].message


def test_a_framework_that_cannot_be_imported_is_a_problem() -> None:
    found = findings(WHOLE, "import paddle fails: ImportError: libgomp.so.1")
    assert [each.level for each in found] == ["problem"]


def test_every_package_of_require_is_one_that_the_metadata_asks_for() -> None:
    asked = list(map(Requirement, metadata.requires("paddle-ner") or []))
    for package in environment.PACKAGES.values():
        name = "paddlepaddle" if package.module == "paddle" else package.module
        assert any(one.name == name and one.marker and one.marker.evaluate({"extra": package.extra}) for one in asked)
