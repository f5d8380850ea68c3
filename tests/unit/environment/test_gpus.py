"""NVIDIA's cards and driver, with programs and kernel files that stand in for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_ner.environment import gpus
from paddle_ner.environment.gpus import Card, Gpus, build_for, has_kernels, is_older, survey

A10 = Card("NVIDIA A10", "560.35.03", "24564 MiB", (8, 6))


def smi(folder: Path, script: str) -> str:
    """A program in place of nvidia-smi."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


def test_cards_are_listed_with_their_compute_capability(tmp_path: Path) -> None:
    program = smi(tmp_path, "echo 'NVIDIA A10, 560.35.03, 24564 MiB, 8.6'")
    assert survey(tmp_path, program).cards == (A10,)
    assert str(A10) == "NVIDIA A10, driver 560.35.03, 24564 MiB, compute capability 8.6"


def test_a_driver_that_does_not_know_the_capability_is_asked_without(tmp_path: Path) -> None:
    script = (
        'case "$1" in *compute_cap*) echo \'Field "compute_cap" is not a valid field to query.\'; exit 2;;'
        " *) echo 'Tesla T4, 450.80.02, 15109 MiB';; esac"
    )
    assert survey(tmp_path, smi(tmp_path, script)).cards == (Card("Tesla T4", "450.80.02", "15109 MiB", None),)


def test_nvmls_own_message_is_kept(tmp_path: Path) -> None:
    message = "Failed to initialize NVML: Driver/library version mismatch"
    assert survey(tmp_path, smi(tmp_path, f"echo '{message}'; exit 18")).message == message


def test_without_nvidia_smi_the_kernel_is_asked(tmp_path: Path) -> None:
    absent = str(tmp_path / "absent")
    assert survey(tmp_path, absent) == Gpus()
    for number, (vendor, kind) in enumerate([("0x10de", "0x030200"), ("0x10de", "0x040300"), ("0x8086", "0x030000")]):
        device = tmp_path / f"sys/bus/pci/devices/{number}"
        device.mkdir(parents=True)
        (device / "vendor").write_text(vendor + "\n")
        (device / "class").write_text(kind + "\n")
    assert survey(tmp_path, absent) == Gpus(on_bus=1)  # the second is the sound of a card, the third is Intel's
    (tmp_path / "proc/driver/nvidia").mkdir(parents=True)
    (tmp_path / "proc/driver/nvidia/version").touch()
    assert survey(tmp_path, absent) == Gpus(on_bus=1, module=True)


@pytest.mark.parametrize(
    ("driver", "other", "older"),
    [("470.82", "525.60.13", True), ("525.60.13", "525.60.13", False), ("550.54.14", "550.54.9", False)],
)
def test_versions_of_drivers_are_compared_by_number(driver: str, other: str, older: bool) -> None:
    assert is_older(driver, other) is older


@pytest.mark.parametrize(
    ("capability", "runs"), [((8, 0), True), ((8, 6), True), ((8, 9), True), ((7, 5), False), ((12, 0), False)]
)
def test_machine_code_runs_on_later_cards_of_the_same_generation(capability: tuple[int, int], runs: bool) -> None:
    assert has_kernels((80, 86, 90), capability) is runs


@pytest.mark.parametrize(
    ("driver", "capability", "index"),
    [
        ("560.35.03", (8, 6), "cu126"),
        ("560.35.03", None, "cu126"),
        ("560.35.03", (6, 1), "cu118"),
        ("470.82.01", (7, 5), "cu118"),
        ("470.82.01", (9, 0), None),
        ("580.65.06", (12, 0), None),
        ("440.33.01", (7, 5), None),
    ],
)
def test_the_build_that_is_advised_fits_card_and_driver(
    driver: str, capability: tuple[int, int] | None, index: str | None
) -> None:
    build = build_for(Card("card", driver, "1 MiB", capability))
    assert (build.index if build else None) == index


def test_drivers_that_cuda_needs_at_least() -> None:
    assert [gpus.lowest_driver(cuda) for cuda in ("11.8", "12.6", "13.0", "14.0")] == [
        "450.80.02",
        "525.60.13",
        "580.65.06",
        None,
    ]
    assert gpus.wanted_driver("12.6") == "550.54.14"
