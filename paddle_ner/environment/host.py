"""What the system gives this process: cores, memory, shared memory, disk, folders, a port."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from paddle_ner import machine
from paddle_ner.cache import cache_folder
from paddle_ner.environment.finding import Finding

PORT = 8000  # that `serve` takes where none is named
_MIB, _GIB = 1 << 20, 1 << 30
_LOW_MEMORY = 2 * _GIB  # a training of the starter takes more than half of it
_LOW_DISK = 2 * _GIB  # a run keeps a checkpoint, and two states of three times its size
_LOW_SHARED = 64 * _MIB  # what Docker gives a container that does not ask for more


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that paddle-ner writes to.

    Attributes:
        purpose: what is written there.
        path: the folder, which need not exist yet.
        free: bytes that are free where it is; None where unknown.
        error: why nothing can be written there; None if it can.
    """

    purpose: str
    path: Path
    free: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Host:
    """What the system gives this process.

    Attributes:
        cores: CPU cores that this process may use.
        installed_cores: of the machine.
        memory: bytes that this process may use; None where unknown.
        installed_memory: bytes of the machine; None where unknown.
        shared_memory: bytes of /dev/shm; None where there is none.
        folders: that are written to.
        port: that `serve` takes where none is named.
        port_error: why it cannot be had; None if it can.
    """

    cores: int
    installed_cores: int
    memory: int | None
    installed_memory: int | None
    shared_memory: int | None
    folders: tuple[Folder, ...]
    port: int
    port_error: str | None


def look(root: Path = Path("/"), folders: Iterable[tuple[str, Path]] | None = None, port: int = PORT) -> Host:
    """Look at this process's surroundings; writes and removes an empty file in each folder.

    Args:
        root: of the file system that has ``dev``, ``proc`` and ``sys``.
        folders: purpose and path; None takes the working directory, the cache and the temporary files.
        port: that is tried.
    """
    if folders is None:
        folders = (
            ("runs", Path.cwd()),
            ("caches", cache_folder()),
            ("temporary files", Path(tempfile.gettempdir())),
        )
    shared = root / "dev/shm"
    return Host(
        cores=machine.usable_cores(root),
        installed_cores=os.cpu_count() or 1,
        memory=machine.usable_memory(root),
        installed_memory=machine.installed_memory(),
        shared_memory=shutil.disk_usage(shared).total if shared.exists() else None,
        folders=tuple(_folder(purpose, path) for purpose, path in folders),
        port=port,
        port_error=_port_error(port),
    )


def _folder(purpose: str, path: Path) -> Folder:
    """Try a folder, or the nearest one above it that exists."""
    nearest = next((one for one in (path, *path.parents) if one.exists()), Path("/"))
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
        return Folder(purpose, path, shutil.disk_usage(nearest).free, None)
    except OSError as error:
        return Folder(purpose, path, None, error.strerror or str(error))


def _port_error(port: int) -> str | None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            return error.strerror or str(error)
    return None


def host_findings(host: Host) -> Iterator[Finding]:
    """Judge it; all but folders that cannot be written are warnings."""
    if host.cores == 1 < host.installed_cores:
        message = f"this process may use 1 of {host.installed_cores} cores: a limit of the container, or taskset"
        yield Finding("warning", message, (), "give it more: docker run --cpus, resources.limits.cpu in Kubernetes")
    if host.memory is not None and host.memory < _LOW_MEMORY:
        message = (
            f"this process may use {size(host.memory)} of memory: a training may be killed by the system (status 137)"
        )
        advice = f"give it {size(_LOW_MEMORY)} or more: docker run --memory, resources.limits.memory in Kubernetes"
        yield Finding("warning", message, (), advice)
    if host.shared_memory is not None and host.shared_memory <= _LOW_SHARED:
        message = (
            f"/dev/shm has {size(host.shared_memory)}: trainings on several GPUs need more (Bus error, NCCL failures)"
        )
        yield Finding("warning", message, (), "start the container with --shm-size 8g")
    for folder in host.folders:
        if folder.error is not None:
            message = f"{folder.path}, for {folder.purpose}, cannot be written: {folder.error}"
            yield Finding("problem", message, (), _elsewhere(folder.purpose))
        elif folder.free is not None and folder.free < _LOW_DISK:
            message = f"{folder.path}, for {folder.purpose}, has {size(folder.free)} left: a training may fill the disk"
            yield Finding("warning", message, (), _elsewhere(folder.purpose))
    if host.port_error is not None:
        message = f"port {host.port}, which serve takes by default, cannot be had: {host.port_error}"
        yield Finding("warning", message, (), "serve --port names another; ss -ltnp shows who has it")


def _elsewhere(purpose: str) -> str:
    names = {"caches": "PADDLE_NER_CACHE names another folder", "temporary files": "TMPDIR names another folder"}
    return names.get(purpose, "work in another folder")


def size(number: int) -> str:
    """A number of bytes for people."""
    return f"{number / _GIB:.1f} GiB" if number >= _GIB else f"{number / _MIB:.0f} MiB"
