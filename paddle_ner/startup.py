"""Settings that native libraries read when a process starts: of memory, and of threads that have nothing to do."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

KEEP = {
    # Freed memory stays with the process: for each batch glibc would otherwise return megabytes to the kernel and have
    # them cleared and mapped in again.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 30),
}
# Of processes that serve, and of those that choose how to: what they time is what will be served.
ENGINES = {
    **KEEP,
    "MALLOC_TOP_PAD_": str(64 << 20),
    # Pages of 2 MB where the kernel gives them on request: with the settings above, a small model takes a sixth less
    # time for a batch.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    # Milliseconds that the threads of a oneDNN engine go on looking for work after a batch, 200 where it is not set:
    # for so long they keep the cores from the server's own work, or from the engine that is timed next.
    "KMP_BLOCKTIME": "5",
}


def lacking(wanted: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Those of `wanted` that the user has not set, to this or to anything else."""
    return {name: value for name, value in wanted.items() if name not in environment}


def restart_with(wanted: Mapping[str, str]) -> None:
    """Start this process again, under the same id, with what it lacks of `wanted`; returns where it lacks nothing.

    To be called before anything heavy is imported: it costs what Python takes to start.
    """
    if sys.platform == "linux" and (added := lacking(wanted, os.environ)):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **added})
