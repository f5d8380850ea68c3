"""What is to be run: devices, environment and command line of a training. Nothing is started here."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from paddle_ner import processes, startup
from paddle_ner.errors import DeviceError, InputError

SUPERVISOR = "PADDLE_NER_SUPERVISOR"  # process id that workers watch, so that no worker outlives the command
RUN = "PADDLE_NER_RUN"  # identity of this start, which is in its events
MACHINE = "PADDLE_NER_MACHINE"  # number of this machine among those that train
_VISIBLE = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True, slots=True)
class Devices:
    """Where a training runs.

    Attributes:
        kind: cpu or gpu.
        count: processes on this machine, one per device.
        ids: GPU numbers, counted among those that CUDA_VISIBLE_DEVICES leaves; empty takes the first ones.
    """

    kind: Literal["cpu", "gpu"]
    count: int
    ids: tuple[int, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Devices:
        """Read ``cpu``, ``cpu:2`` (two processes), ``gpu``, ``gpu:1`` or ``0,1,2,3`` (GPU numbers)."""
        if match := re.fullmatch(r"cpu(?::([1-9]\d*))?", text):
            return cls("cpu", int(match[1] or 1))
        if text == "gpu":
            return cls("gpu", 1)
        if match := re.fullmatch(r"(?:gpu:)?(\d+(?:,\d+)*)", text):
            ids = tuple(int(number) for number in match[1].split(","))
            if len(set(ids)) < len(ids):
                raise InputError(f"--devices {text}: a device is named twice")
            return cls("gpu", len(ids), ids)
        raise InputError(f"--devices {text}: expected cpu, cpu:N, gpu, or GPU numbers such as 0,1,2,3")


@dataclass(frozen=True, slots=True)
class Cluster:
    """The machines of a training.

    Attributes:
        nnodes: how many.
        master: ``address:port`` of the first.
        rank: number of this one.
    """

    nnodes: int = 1
    master: str | None = None
    rank: int | None = None

    def check(self) -> None:
        """Raise InputError if several machines have no meeting point or no numbers."""
        if self.nnodes == 1 and (self.rank is not None or self.master):
            raise InputError("--rank and --master are for several machines: say how many with --nnodes")
        if self.nnodes > 1 and not self.master:
            raise InputError("--nnodes needs --master ADDRESS:PORT, the first machine, the same on all of them")
        if self.nnodes > 1 and (self.rank is None or not 0 <= self.rank < self.nnodes):
            raise InputError(f"--nnodes needs --rank, the number of this machine, from 0 to {self.nnodes - 1}")


@dataclass(frozen=True, slots=True)
class Gpus:
    """The GPUs of this machine, as `probe_gpus` finds them or a test says.

    Attributes:
        compiled: whether this build of PaddlePaddle has CUDA.
        visible: GPUs that the driver shows.
        driver: whether the kernel shows an NVIDIA driver (on WSL and Jetson it does not).
    """

    compiled: bool
    visible: int
    driver: bool


def probe_gpus() -> Gpus:
    """Ask PaddlePaddle and the kernel."""
    import paddle

    compiled = bool(paddle.is_compiled_with_cuda())
    visible = int(paddle.device.cuda.device_count()) if compiled else 0
    return Gpus(compiled, visible, Path("/proc/driver/nvidia/version").exists())


def check_gpus(devices: Devices, gpus: Gpus) -> None:
    """Raise DeviceError that says what is missing: the build, the driver or the device."""
    if devices.kind == "cpu":
        return
    if not gpus.compiled:
        raise DeviceError(
            "a GPU was asked for, but the installed PaddlePaddle is built without CUDA: install the GPU build"
            " (docs/installation.md), or train with --devices cpu"
        )
    if not gpus.visible and not gpus.driver:
        raise DeviceError(
            "a GPU was asked for, but no NVIDIA driver is loaded: install the driver, start the container with"
            " --gpus all, or train with --devices cpu"
        )
    needed = max(devices.ids) + 1 if devices.ids else devices.count
    if gpus.visible < needed:
        names = ",".join(map(str, devices.ids)) or "0"
        raise DeviceError(
            f"GPU {names} was asked for, but {gpus.visible} can be seen: name others with --devices, or check"
            " nvidia-smi and CUDA_VISIBLE_DEVICES"
        )


def gpu_labels(devices: Devices, inherited: Mapping[str, str]) -> list[str]:
    """What CUDA calls the GPUs: numbers count among those that an inherited CUDA_VISIBLE_DEVICES names."""
    ids = devices.ids or tuple(range(devices.count))
    visible = [label.strip() for label in inherited.get(_VISIBLE, "").split(",") if label.strip()]
    if visible and max(ids) >= len(visible):
        raise DeviceError(f"GPU {max(ids)} was asked for, but CUDA_VISIBLE_DEVICES={','.join(visible)} has no such")
    return [visible[number] for number in ids] if visible else [str(number) for number in ids]


def command(
    worker: list[str], devices: Devices, cluster: Cluster, logs: Path, inherited: Mapping[str, str]
) -> list[str]:
    """The command line that runs `worker` (module and arguments) on the devices."""
    run = processes.python(*worker)
    if devices.count == 1 and cluster.nnodes == 1:
        return run
    # The launcher runs anything without the suffix .py as a command, so the worker can be a module.
    launcher = processes.python("paddle.distributed.launch", "--log_dir", str(logs))
    if devices.kind == "gpu":
        launcher += ["--devices", ",".join(gpu_labels(devices, inherited))]
    else:
        # On CPU the launcher fails on --devices (seen in 3.1.1).
        launcher += ["--nproc_per_node", str(devices.count)]
    if cluster.nnodes > 1:
        launcher += ["--nnodes", str(cluster.nnodes), "--master", str(cluster.master)]
        if cluster.rank is not None:
            launcher += ["--rank", str(cluster.rank)]
    return launcher + run


def environment(devices: Devices, inherited: Mapping[str, str], cpuinfo: str, cores: int) -> dict[str, str]:
    """The environment of the training. The user's settings for the CPU stay.

    Args:
        devices: where it runs.
        inherited: the environment of the user.
        cpuinfo: content of ``/proc/cpuinfo``.
        cores: that this process may use.
    """
    # No buffer: what a killed process said is in its log. No imports from the working directory.
    kept = {**inherited, SUPERVISOR: str(os.getpid()), "PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1"}
    if devices.kind == "gpu":
        return {**kept, _VISIBLE: ",".join(gpu_labels(devices, inherited))}
    # The launcher would place processes by the GPUs that it names, even for a training on the CPU.
    kept.pop(_VISIBLE, None)
    added = {"OMP_NUM_THREADS": str(max(1, cores // devices.count))}
    # Strided views are copied element by element on CPU (3.1.1): without them an update takes a quarter less time.
    added["FLAGS_use_stride_kernel"] = "0"
    added.update(startup.KEEP)
    if "AuthenticAMD" in cpuinfo:
        # The bundled MKL takes a slow path on AMD; this undocumented switch takes the fast one: docs/training.md.
        if " avx512f" in cpuinfo:
            added["MKL_DEBUG_CPU_TYPE"] = "7"
        elif " avx2" in cpuinfo:
            added["MKL_DEBUG_CPU_TYPE"] = "5"
    return {**added, **kept}
