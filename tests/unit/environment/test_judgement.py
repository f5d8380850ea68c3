"""Framework, driver and cards that do not fit together; the values stand for what the looks return.

Tests `paddle_ner.environment.finding` too.
"""

from __future__ import annotations

import pytest

from paddle_ner.environment.dependencies import Dependency
from paddle_ner.environment.finding import Finding
from paddle_ner.environment.framework import Framework
from paddle_ner.environment.gpus import Card, Gpus
from paddle_ner.environment.judgement import framework_findings, gpu_findings
from paddle_ner.environment.packages import Package

CPU = Framework("3.1.1", None, ())
CUDA = Framework("3.1.1", "12.6", ("NVIDIA A10",), "9.5.1", (75, 80, 86, 89))
A10 = Card("NVIDIA A10", "560.35.03", "24564 MiB", (8, 6))
INSTALLED = [Dependency("paddlepaddle", "==3.1.1", "cpu", "3.1.1", True)]
INDEX = "https://www.paddlepaddle.org.cn/packages/stable"


def judged(
    framework: Framework | str | None, found: Gpus, environment: dict[str, str] | None = None, wanted: bool = False
) -> list[Finding]:
    return list(gpu_findings(framework, found, environment or {}, wanted))


def test_a_build_that_fits_driver_and_card_has_no_findings() -> None:
    assert judged(CUDA, Gpus((A10,)), wanted=True) == []
    assert list(framework_findings(INSTALLED, CPU)) == []


def test_a_machine_without_a_gpu_has_no_findings_unless_one_is_wanted() -> None:
    assert judged(CPU, Gpus()) == []
    (finding,) = judged(CPU, Gpus(), wanted=True)
    assert finding.gpu
    assert finding.message == "this machine shows no NVIDIA GPU"


def test_a_card_beside_the_cpu_build_leads_to_the_build_that_fits() -> None:
    (finding,) = judged(CPU, Gpus((A10,)))
    assert finding.message.startswith("NVIDIA A10 is here, but the installed PaddlePaddle 3.1.1 is the CPU build")
    assert finding.commands == (
        "pip uninstall -y paddlepaddle paddlepaddle-gpu",
        f"pip install paddlepaddle-gpu==3.1.1 -i {INDEX}/cu126/",
    )


def test_a_driver_that_is_too_old_leads_to_an_older_build_or_a_newer_driver() -> None:
    old = Card("Tesla T4", "470.82.01", "15109 MiB", (7, 5))
    (finding,) = judged(CUDA, Gpus((old,)))
    assert "driver 470.82.01 is too old for CUDA 12.6, which needs 525.60.13" in finding.message
    assert "CUDA driver version is insufficient" in finding.message
    assert finding.commands[-1].endswith("/cu118/")
    assert finding.advice == "or install driver 550.54.14 or newer"


def test_a_driver_that_works_but_is_older_than_asked_for_does_not_keep_the_gpu_from_being_used() -> None:
    (finding,) = judged(CUDA, Gpus((Card("NVIDIA A10", "535.54.03", "24564 MiB", (8, 6)),)))
    assert (finding.level, finding.gpu) == ("warning", False)
    assert finding.fix == "install driver 550.54.14 or newer if computations fail"


def test_no_kernel_image_is_explained_before_it_happens() -> None:
    old = Card("NVIDIA GeForce GTX 1080", "560.35.03", "8192 MiB", (6, 1))
    (finding,) = judged(CUDA, Gpus((old,)))
    assert "has compute capability 6.1, and this build is for 7.5, 8.0, 8.6, 8.9" in finding.message
    assert "no kernel image is available" in finding.message
    assert finding.commands[-1].endswith("/cu118/")


def test_a_card_that_no_build_runs_on_gets_no_command() -> None:
    new = Card("NVIDIA GeForce RTX 5090", "580.65.06", "32607 MiB", (12, 0))
    (finding,) = judged(CUDA, Gpus((new,)))
    assert finding.commands == ()
    assert "no build of PaddlePaddle 3.1.1 is known to run on NVIDIA GeForce RTX 5090" in finding.advice


def test_cards_that_a_variable_hides() -> None:
    hidden = Framework("3.1.1", "12.6", (), "9.5.1", (80, 86))
    (finding,) = judged(hidden, Gpus((A10,)), {"CUDA_VISIBLE_DEVICES": ""})
    assert finding.message == "CUDA_VISIBLE_DEVICES is '', which hides NVIDIA A10"
    assert finding.commands == ("unset CUDA_VISIBLE_DEVICES",)


def test_cards_that_the_framework_does_not_find() -> None:
    (finding,) = judged(Framework("3.1.1", "12.6", (), "9.5.1", (80, 86)), Gpus((A10,)))
    assert "is here, but this build of PaddlePaddle for CUDA 12.6 does not find it" in finding.message


@pytest.mark.parametrize(
    ("message", "fix"),
    [
        ("Failed to initialize NVML: Driver/library version mismatch", "sudo reboot"),
        ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", "sudo modprobe nvidia"),
        ("Failed to initialize NVML: Driver Not Loaded", "sudo modprobe nvidia"),
        ("Failed to initialize NVML: Insufficient Permissions", "/dev/nvidia*"),
        ("Failed to initialize NVML: Unknown Error", "restart it"),
        ("Unable to determine the device handle for GPU0000:01:00.0: GPU is lost.", "Xid"),
        ("something new", "--gpus all"),
    ],
)
def test_what_nvml_says_is_repeated_and_explained(message: str, fix: str) -> None:
    (finding,) = judged(CUDA, Gpus(message=message))
    assert finding.message == f"NVIDIA's driver does not answer: {message}"
    assert fix in finding.fix
    assert finding.gpu


def test_a_card_on_the_bus_without_a_driver() -> None:
    (finding,) = judged(CPU, Gpus(on_bus=2))
    assert finding.message == "2 of NVIDIA's cards are on the PCI bus, but no driver can be seen"
    assert "--gpus all" in finding.fix


def test_a_driver_without_nvidia_smi() -> None:
    (finding,) = judged(CPU, Gpus(on_bus=1, module=True))
    assert "nvidia-smi is not here" in finding.message
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,utility" in finding.fix


def test_a_gpu_that_the_framework_uses_needs_no_nvidia_smi() -> None:
    assert judged(CUDA, Gpus(module=True)) == []


def test_a_gpu_build_without_a_gpu() -> None:
    (finding,) = judged(Framework("3.1.1", "12.6", ()), Gpus())
    assert "this build of PaddlePaddle is for CUDA 12.6 and finds no GPU" in finding.message


def test_two_builds_of_the_framework_are_a_problem() -> None:
    both = [*INSTALLED, Dependency("paddlepaddle-gpu", "==3.1.1", "gpu", "3.1.1", True)]
    (finding,) = framework_findings(both, CPU)
    assert finding.level == "problem"
    assert "overwrite each other" in finding.message
    assert finding.commands == ("pip uninstall -y paddlepaddle paddlepaddle-gpu",)


def test_another_version_of_the_framework_names_the_error_that_it_causes() -> None:
    (finding,) = framework_findings([Dependency("paddlepaddle", "==3.1.1", "cpu", "3.3.0", False)], CPU)
    assert finding.level == "warning"
    assert "paddlepaddle is 3.3.0, tested was ==3.1.1" in finding.message
    assert "must be Value, but got Variable" in finding.message


def test_a_framework_that_cannot_be_imported_is_a_problem() -> None:
    (finding,) = framework_findings(INSTALLED, "import paddle fails: ImportError: libgomp.so.1", cuda=None)
    assert (finding.level, finding.commands) == ("problem", ("apt-get install -y libgomp1",))


def test_a_gpu_that_fails_to_compute_is_a_warning_and_a_cpu_a_problem() -> None:
    failures = (
        ("a matrix product on cpu", "killed by SIGILL"),
        ("a matrix product on gpu:1", "OSError: CUDA error(2), out of memory"),
    )
    found = list(framework_findings(INSTALLED, Framework("3.1.1", "12.6", ("A", "B"), failures=failures)))
    assert [each.level for each in found] == ["problem", "warning"]
    assert found[1].message.startswith("a matrix product on gpu:1 fails: ")


def test_without_the_framework_nothing_runs_unless_another_engine_is_there() -> None:
    (finding,) = framework_findings(INSTALLED, None)
    assert (finding.level, finding.commands) == ("problem", ("pip install 'paddle-ner[cpu]'",))
    (finding,) = framework_findings(INSTALLED, None, [Package("openvino", "OpenVINO", "openvino")])
    assert finding.level == "warning"
    assert finding.message.endswith("only bundles with an ONNX graph run, by openvino")
