from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from paddle_ner.environment.dependencies import Dependency, dependency_findings, difference

ROOT = Path(__file__).parents[3]


def dependency(name: str, extra: str, installed: str | None, wanted: str = "", fits: bool = True) -> Dependency:
    return Dependency(name, wanted, extra, installed, fits and installed is not None)


WHOLE = [
    dependency("click", "", "8.3"),
    dependency("paddlepaddle", "cpu", "3.1.1"),
    dependency("paddlenlp", "train", "2.8.1"),
]


def test_a_whole_installation_has_no_findings() -> None:
    assert list(dependency_findings(WHOLE)) == []


def test_an_absent_extra_is_a_warning() -> None:
    found = list(dependency_findings([*WHOLE[:2], dependency("paddlenlp", "train", None)]))
    assert [(each.level, each.fix) for each in found] == [("warning", "pip install 'paddle-ner[train]'")]


def test_an_untested_version_is_a_warning_that_names_both_and_the_error_that_it_causes() -> None:
    found = list(dependency_findings([*WHOLE, dependency("protobuf", "train", "7.1", "<7,>=6.31", fits=False)]))
    assert [each.level for each in found] == ["warning"]
    assert found[0].message.startswith("protobuf is 7.1, tested was <7,>=6.31 (7: “int_value: Expected an int")
    assert found[0].commands == ("pip install 'protobuf<7,>=6.31'",)


def test_a_missing_plain_dependency_is_a_problem() -> None:
    found = list(dependency_findings([dependency("click", "", None), *WHOLE[1:]]))
    assert [(each.level, each.message) for each in found] == [("problem", "click is missing")]


def test_a_source_that_is_not_installed_is_a_problem() -> None:
    (found,) = dependency_findings([])
    assert (found.level, found.commands) == ("problem", ("pip install -e '.[cpu]'",))


PINNED = [
    Requirement(line).name
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]


@pytest.mark.parametrize("name", PINNED)
def test_each_pin_of_constraints_has_the_error_of_another_version(name: str) -> None:
    message = difference(dependency(name, "train", "0.1", "==1", fits=False))
    assert re.fullmatch(rf"{name} is 0\.1, tested was ==1 \(.{{20,}}\)", message)
