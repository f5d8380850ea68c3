"""Settings that native libraries read when a process starts, for memory and for idle threads."""

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
# For processes that serve, and for those that measure how to serve: they must time what will be served.
ENGINES = {
    **KEEP,
    "MALLOC_TOP_PAD_": str(64 << 20),
    # Pages of 2 MB if the kernel gives them on request: with the settings above, a small model takes a sixth less
    # time for a batch.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    # Milliseconds that the threads of a oneDNN engine go on looking for work after a batch, 200 where it is not set:
    # for so long they keep the cores from the server's own work, or from the engine that is timed next.
    "KMP_BLOCKTIME": "5",
}


def lacking(wanted: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of `wanted` that the user has not set to any value."""
    return {name: value for name, value in wanted.items() if name not in environment}


def restart_with(wanted: Mapping[str, str]) -> None:
    """Restart this process, under the same id, with the variables of `wanted` that it lacks; return if it lacks none.

    Call it before anything heavy is imported: it costs a start of Python.
    """
    if sys.platform == "linux" and (added := lacking(wanted, os.environ)):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **added})
