from __future__ import annotations

import pytest

from paddle_ner.environment.failures import Failed, explain, reinstall

CU126 = (
    "pip install --force-reinstall paddlepaddle-gpu==3.1.1 -i https://www.paddlepaddle.org.cn/packages/stable/cu126/"
)


@pytest.mark.parametrize(
    "error",
    [
        "ImportError: libcudart.so.12: cannot open shared object file: No such file or directory",
        "ImportError: libcudnn.so.9: cannot open shared object file: No such file or directory",
        "RuntimeError: (PreconditionNotMet) Cannot load cudnn shared library. Cannot invoke method cudnnGetVersion.",
    ],
)
def test_a_library_of_cuda_that_cannot_be_loaded_never_leads_to_the_cpu_build(error: str) -> None:
    finding = explain(Failed("import paddle fails", error, "12.6"), gpu=False)
    assert "a library of CUDA that this build needs cannot be loaded" in finding.message
    assert finding.commands == (CU126,)
    assert "LD_LIBRARY_PATH" in finding.advice
    assert finding.gpu


def test_an_unknown_failure_of_a_gpu_build_installs_that_build_again() -> None:
    finding = explain(Failed("import paddle fails", "ImportError: something else", "11.8"), gpu=False)
    assert finding.commands == (reinstall("11.8"),)
    assert finding.commands[0].endswith("/cu118/")


def test_an_unknown_failure_of_the_cpu_build_installs_that_build_again() -> None:
    finding = explain(Failed("import paddle fails", "ImportError: something else", None), gpu=False)
    assert finding.commands == ("pip install --force-reinstall paddlepaddle==3.1.1",)
    assert (finding.level, finding.gpu) == ("problem", False)


@pytest.mark.parametrize(
    ("error", "cause", "fix"),
    [
        ("ImportError: libcuda.so.1: cannot open shared object file", "driver library is not here", "--gpus all"),
        ("OSError: CUDA error(35), CUDA driver version is insufficient", "driver is older", "550.54.14"),
        ("OSError: CUDA error(209), no kernel image is available", "no machine code for the card", "compiled for it"),
        ("MemoryError: ResourceExhaustedError: Out of memory error", "memory is full", "nvidia-smi lists"),
        ("killed by SIGILL", "lacks an instruction", "AVX2"),
        ("ImportError: libgomp.so.1: cannot open shared object file", "of the system", "apt-get install -y libgomp1"),
        ("ImportError: libGL.so.1: cannot open shared object file", "of the system", "apt-get install -y libgl1"),
        ("ModuleNotFoundError: No module named 'setuptools'", "does not ask for it", "pip install 'setuptools<80.9'"),
        ("ImportError: numpy.core.multiarray failed to import", "NumPy 2", "pip install 'numpy<2'"),
        ("ImportError: /lib/libc.so.6: version `GLIBC_2.29' not found", "older than the build", "newer glibc"),
    ],
)
def test_a_known_error_is_explained(error: str, cause: str, fix: str) -> None:
    finding = explain(Failed("it fails", error, "12.6"), gpu=True)
    assert finding.message.startswith(f"it fails: {error}: ")
    assert cause in finding.message
    assert fix in finding.fix
    assert finding.level == "warning"
