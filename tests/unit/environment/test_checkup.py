from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from paddle_ner.environment.checkup import Checkup, findings
from paddle_ner.environment.dependencies import Dependency
from paddle_ner.environment.finding import Finding, commands_of
from paddle_ner.environment.framework import Framework
from paddle_ner.environment.gpus import Card, Gpus
from paddle_ner.environment.host import Folder, Host
from paddle_ner.environment.network import Network
from paddle_ner.machine import Machine

GIB = 1 << 30
GOOD = Checkup(
    machine=Machine("3.11.7", "Linux 6.1 x86_64", "a CPU", "GenuineIntel", 8, ("avx2",), 16 * GIB),
    installation=[Dependency("paddlepaddle", "==3.1.1", "cpu", "3.1.1", True)],
    framework=Framework("3.1.1", None, ()),
    cuda=None,
    gpus=Gpus(),
    host=Host(8, 8, 16 * GIB, 16 * GIB, GIB, (Folder("runs", Path("/data"), 9 * GIB, None),), 8000, None),
    network=Network({}, (), (), "https://models.example", None, True),
    environment={},
)


def test_a_good_machine_has_no_findings() -> None:
    assert findings(GOOD) == []


def test_a_gpu_that_is_asked_for_and_cannot_be_used_is_a_problem() -> None:
    (finding,) = findings(GOOD, gpu=True)
    assert finding.level == "problem"
    card = replace(GOOD, gpus=Gpus((Card("NVIDIA A10", "560.35.03", "24564 MiB", (8, 6)),)))
    assert [each.level for each in findings(card)] == ["warning"]
    assert [each.level for each in findings(card, gpu=True)] == ["problem"]


def test_a_gpu_that_is_asked_for_and_can_be_used_is_no_finding() -> None:
    framework = Framework("3.1.1", "12.6", ("NVIDIA A10",), "9.5.1", (80, 86))
    card = Card("NVIDIA A10", "560.35.03", "24564 MiB", (8, 6))
    assert findings(replace(GOOD, framework=framework, cuda="12.6", gpus=Gpus((card,))), gpu=True) == []


@pytest.mark.parametrize(
    ("system", "flags", "count"),
    [("Linux 6.1 x86_64", ("avx512_vnni",), 1), ("Linux 6.1 aarch64", ("asimd",), 0), ("Linux 6.1 x86_64", (), 0)],
)
def test_a_cpu_without_avx2(system: str, flags: tuple[str, ...], count: int) -> None:
    here = replace(GOOD.machine, system=system, flags=flags)
    found = findings(replace(GOOD, machine=here))
    assert ["AVX2" in each.message for each in found] == [True] * count


def test_each_part_is_judged() -> None:
    bad = replace(
        GOOD,
        installation=[*GOOD.installation, Dependency("numpy", "<2", "", "2.1.0", False)],
        host=replace(GOOD.host, port_error="Address already in use"),
        network=replace(GOOD.network, error="no answer within 3 s"),
    )
    starts = ["numpy is 2.1.0", "port 8000", "https://models.example cannot be reached"]
    found = findings(bad)
    assert len(found) == len(starts)
    assert all(each.message.startswith(start) for each, start in zip(found, starts, strict=True))


def test_commands_come_once_and_those_of_problems_first() -> None:
    listed = [
        Finding("warning", "a", ("one", "two")),
        Finding("problem", "b", ("two", "three")),
        Finding("warning", "c"),
    ]
    assert commands_of(listed) == ["two", "three", "one"]


def test_a_fix_is_commands_then_advice() -> None:
    assert Finding("warning", "a", ("one", "two"), "look").fix == "one && two; look"
    assert Finding("warning", "a", (), "look").record() == {
        "level": "warning",
        "message": "a",
        "fix": "look",
        "commands": [],
        "gpu": False,
    }
