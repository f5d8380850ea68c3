"""Why PaddlePaddle could not be loaded, or could not compute: known messages, with their cause and what fixes it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from paddle_ner.environment import gpus
from paddle_ner.environment.finding import Finding


@dataclass(frozen=True, slots=True)
class Failed:
    """A failure that is to be explained.

    Attributes:
        what: what failed, such as ``import paddle fails`` or ``a matrix product on gpu:0 fails``.
        error: in one line.
        cuda: the CUDA that the installed build is for; None for the CPU build.
    """

    what: str
    error: str
    cuda: str | None


@dataclass(frozen=True, slots=True)
class _Cause:
    """Why a failure happens.

    Attributes:
        pattern: regular expression of the error.
        message: the cause.
        command: that fixes it; empty where none does. ``{reinstall}`` stands for installing the same build again.
        advice: what to do or to know. ``{driver}`` stands for the driver that the build asks for.
    """

    pattern: str
    message: str
    command: str = ""
    advice: str = ""


_LIBRARIES = "cudart|cublas|cublasLt|cudnn|cufft|curand|cusolver|cusparse|nvrtc|nccl|nvJitLink|cupti"
_CAUSES = (
    _Cause(
        r"libcuda\.so",
        "NVIDIA's driver library is not here",
        advice="install NVIDIA's driver; in a container the host has it, and docker run needs --gpus all",
    ),
    _Cause(
        rf"lib({_LIBRARIES})\b.*cannot open|Cannot load (cu\w+|nccl) shared|CUDNN_STATUS_",
        "a library of CUDA that this build needs cannot be loaded",
        "{reinstall}",
        "that brings them as packages named nvidia-…; LD_LIBRARY_PATH must not name those of another CUDA",
    ),
    _Cause(
        r"driver version is insufficient|CUDA error\(35\)",
        "NVIDIA's driver is older than the CUDA of this build",
        advice="install driver {driver} or newer",
    ),
    _Cause(
        r"no kernel image|CUDA error\(209\)|Unsupported GPU architecture|invalid device function",
        "this build has no machine code for the card",
        advice="install a build that was compiled for it",
    ),
    _Cause(
        r"out of memory|ResourceExhausted|CUDA error\(2\)",
        "the GPU's memory is full",
        advice="end the processes that nvidia-smi lists, or take another GPU",
    ),
    _Cause(
        r"SIGILL|llegal instruction",
        "the CPU lacks an instruction that PaddlePaddle uses",
        advice="use a machine whose CPU has AVX2, or let the virtual machine pass the CPU through (cpu host)",
    ),
    _Cause(
        r"libgomp\.so", "a library of the system is missing", "apt-get install -y libgomp1", "for Debian and Ubuntu"
    ),
    _Cause(r"libGL\.so", "a library of the system is missing", "apt-get install -y libgl1", "for Debian and Ubuntu"),
    _Cause(
        r"No module named '(setuptools|pkg_resources)'",
        "PaddlePaddle needs setuptools and does not ask for it",
        "pip install 'setuptools<80.9'",
    ),
    _Cause(
        r"multiarray failed to import|_ARRAY_API not found|numpy\.dtype size changed",
        "NumPy 2 is installed, and a package was built for NumPy 1",
        "pip install 'numpy<2'",
    ),
    _Cause(
        r"GLIBC(XX)?_[\d.]+' not found",
        "the system is older than the build",
        advice="use an image with a newer glibc: Debian 11, Ubuntu 20.04 or newer",
    ),
)
_UNKNOWN = _Cause("", "", "{reinstall}")


def explain(failed: Failed, *, gpu: bool) -> Finding:
    """A finding with the cause, if the error is known.

    What is advised keeps the build: a GPU build whose libraries cannot be loaded is not replaced by the CPU build.

    Args:
        failed: what failed.
        gpu: whether it was on a GPU: then it is a warning, else a problem.
    """
    cause = next((one for one in _CAUSES if re.search(one.pattern, failed.error)), _UNKNOWN)
    values = {"reinstall": reinstall(failed.cuda), "driver": gpus.wanted_driver(failed.cuda or "") or ""}
    return Finding(
        "warning" if gpu else "problem",
        ": ".join(filter(None, (failed.what, failed.error, cause.message))),
        (cause.command.format(**values),) if cause.command else (),
        cause.advice.format(**values),
        gpu=gpu or failed.cuda is not None,
    )


def reinstall(cuda: str | None) -> str:
    """The command that installs the same build again: the CPU build (None), or that for a CUDA version."""
    if cuda is None:
        return f"pip install --force-reinstall paddlepaddle=={gpus.VERSION}"
    index = next((build.index for build in gpus.BUILDS if build.cuda == cuda), "cu" + cuda.replace(".", ""))
    return f"pip install --force-reinstall paddlepaddle-gpu=={gpus.VERSION} -i {gpus.INDEX}{index}/"
