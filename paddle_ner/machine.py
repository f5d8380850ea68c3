"""The machine as far as it decides how fast a model runs: processor, memory, NVIDIA driver."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# What inference can use, by the kernel's names. Precision follows: bf16 from avx512_bf16, int8 from a vnni.
RELEVANT_FLAGS = (
    "avx2",
    "avx512f",
    "avx_vnni",
    "avx512_vnni",
    "avx512_bf16",
    "amx_bf16",
    "amx_int8",
    "asimd",
    "asimddp",
    "i8mm",
    "bf16",
)


@dataclass(frozen=True, slots=True)
class Machine:
    """This machine.

    Attributes:
        python: version and path of the interpreter.
        system: operating system, release and architecture.
        processor: the CPU's name.
        vendor: AuthenticAMD, GenuineIntel …; empty where unknown.
        cores: those that this process may use.
        flags: those of `RELEVANT_FLAGS` that the CPU has.
        memory: bytes that this process may use; None where unknown.
        gpus: one line of nvidia-smi each: name, driver, memory.
    """

    python: str
    system: str
    processor: str
    vendor: str
    cores: int
    flags: tuple[str, ...]
    memory: int | None
    gpus: tuple[str, ...]


def survey() -> Machine:
    """Look at this machine. Reads /proc where there is one and asks nvidia-smi where there is one."""
    cpu = _cpuinfo()
    has = cpu_flags()
    return Machine(
        python=f"{platform.python_version()} at {sys.executable}",
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        processor=cpu_name(),
        vendor=cpu.get("vendor_id", ""),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        flags=tuple(flag for flag in RELEVANT_FLAGS if flag in has),
        memory=_memory(),
        gpus=_gpus(),
    )


def cpu_flags() -> frozenset[str]:
    """What this machine's CPU can do, by the kernel's names; empty where /proc/cpuinfo is not there."""
    cpu = _cpuinfo()
    return frozenset((cpu.get("flags") or cpu.get("Features") or "").split())


def cpu_name() -> str:
    """The CPU's name."""
    return _cpuinfo().get("model name") or platform.processor() or platform.machine()


def _cpuinfo() -> dict[str, str]:
    """The fields of the first processor."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    first = path.read_text(errors="replace").split("\n\n", 1)[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _memory() -> int | None:
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return None
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    # A container's own limit (cgroup v2) says "max" where there is none.
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.exists() and (text := limit.read_text().strip()).isdigit():
        memory = min(memory, int(text))
    return memory


def _gpus() -> tuple[str, ...]:
    if shutil.which("nvidia-smi") is None:
        return ()
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=20)
    except subprocess.TimeoutExpired:
        return ()
    return tuple(done.stdout.strip().splitlines()) if done.returncode == 0 else ()
