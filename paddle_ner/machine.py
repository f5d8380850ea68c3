"""The parts of the machine that decide how fast a model runs: processor, memory, container limits."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

# What inference can use, under the kernel's names. They decide the precision: avx512_bf16 for bf16, a vnni for int8.
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

# A CPU needs one of these to compute in bf16.
BF16_FLAGS = frozenset(("avx512_bf16", "amx_bf16"))

# A CPU multiplies int8 fast with one of these: those of x86, those of Arm.
VNNI_FLAGS = frozenset(("avx_vnni", "avx512_vnni", "amx_int8"))
INT8_FLAGS = VNNI_FLAGS | {"asimddp", "i8mm"}


@dataclass(frozen=True, slots=True)
class Machine:
    """This machine.

    Attributes:
        python: version and path of the interpreter.
        system: operating system, release and architecture.
        processor: the CPU's name.
        vendor: AuthenticAMD, GenuineIntel …; empty where unknown.
        cores: how many this process may use.
        flags: the `RELEVANT_FLAGS` that the CPU has.
        memory: bytes that this process may use; None where unknown.
    """

    python: str
    system: str
    processor: str
    vendor: str
    cores: int
    flags: tuple[str, ...]
    memory: int | None


def survey() -> Machine:
    """Look at this machine. Reads /proc where there is one."""
    cpu = _cpuinfo()
    has = cpu_flags()
    return Machine(
        python=f"{platform.python_version()} at {sys.executable}",
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        processor=cpu_name(),
        vendor=cpu.get("vendor_id", ""),
        cores=usable_cores(),
        flags=tuple(flag for flag in RELEVANT_FLAGS if flag in has),
        memory=usable_memory(),
    )


def cpu_flags() -> frozenset[str]:
    """What this machine's CPU can do, under the kernel's names; empty without /proc/cpuinfo."""
    cpu = _cpuinfo()
    return frozenset((cpu.get("flags") or cpu.get("Features") or "").split())


def cpu_name() -> str:
    """The CPU's name."""
    return _cpuinfo().get("model name") or platform.processor() or platform.machine()


def usable_cores(root: Path = Path("/")) -> int:
    """CPU cores that this process may use: those it is bound to, but no more than its container's quota.

    A quota of 2.5 cores gives 2: threads that use it up before the period ends all wait for the next period.

    Args:
        root: of the file system that has ``proc`` and ``sys``.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [quota for folder in _control_groups("cpu", root) if (quota := _cpu_quota(folder)) is not None]
    return max(1, min([bound, *map(int, quotas)]))


def usable_memory(root: Path = Path("/")) -> int | None:
    """Bytes that this process may use: the machine's, or its container's limit; None where unknown.

    Args:
        root: of the file system that has ``proc`` and ``sys``.
    """
    installed = installed_memory()
    if installed is None:
        return None
    limits = [
        int(text)
        for folder in _control_groups("memory", root)
        for name in ("memory.max", "memory.limit_in_bytes")  # of cgroup v2 and v1; "max" is no limit
        if (text := _read(folder / name)).isdigit()
    ]
    return min([installed, *limits])


def installed_memory() -> int | None:
    """Bytes of memory that this machine has; None where unknown."""
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _cpu_quota(folder: Path) -> float | None:
    """Cores that a control group may keep busy; None without a quota."""
    quota, _, period = _read(folder / "cpu.max").partition(" ")  # cgroup v2; "max" is no quota
    if not quota:
        quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")  # v1; -1 is no quota
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(period) else None


def _control_groups(controller: str, root: Path) -> Iterator[Path]:
    """The folders of this process's control groups with `controller`, each with its parents: a limit binds all below.

    See cgroups(7) of the Linux manual: ``/proc/self/cgroup`` names the groups, ``/proc/self/mountinfo`` the places of
    their trees.
    """
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        for top, mounted in _mounts(controller if controllers else None, root):
            # A container may see the group names of its host, but only its own part of the tree.
            path = PurePosixPath(group)
            inside = path.relative_to(top) if path.is_relative_to(top) and ".." not in path.parts else PurePosixPath()
            folder = root / mounted.relative_to("/")
            yield folder
            for part in inside.parts:
                folder = folder / part
                yield folder


def _mounts(controller: str | None, root: Path) -> Iterator[tuple[PurePosixPath, PurePosixPath]]:
    """Trees of control groups: the group that is mounted, and where; None for `controller` means cgroup v2."""
    for line in _read(root / "proc/self/mountinfo").splitlines():
        place, _, kind = line.partition(" - ")
        fields, (system, _, options) = place.split(" "), kind.split(" ", 2)
        if (controller is None and system == "cgroup2") or (system == "cgroup" and controller in options.split(",")):
            yield PurePosixPath(fields[3]), PurePosixPath(fields[4])


def _read(path: Path) -> str:
    """The text of a kernel file; empty if it cannot be read."""
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _cpuinfo() -> dict[str, str]:
    """The fields of the first processor."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    first = path.read_text(errors="replace").split("\n\n", 1)[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}
