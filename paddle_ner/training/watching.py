"""The processes of a training: they are started, watched, and ended so that none is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from paddle_ner import processes
from paddle_ner.errors import InterruptedRun, PaddleNerError, ResourceError
from paddle_ner.machine import usable_cores
from paddle_ner.training import launch, run_folder, state
from paddle_ner.training.events import (
    Crashed,
    Done,
    Event,
    EventReader,
    Failed,
    Info,
    Interrupted,
    WorkerStarted,
    file_of,
)
from paddle_ner.training.launch import Cluster, Devices

WORKER = "paddle_ner.training.worker"
_POLL = 0.2  # seconds between two looks at the events
_FULL = 1 << 16  # bytes: a disk with less left is full


class ProcessesFailed(PaddleNerError):
    """The training processes ended without reporting why.

    Attributes:
        killed: whether by SIGKILL, as the system does if memory runs out.
    """

    def __init__(self, message: str, killed: bool = False) -> None:
        super().__init__(message)
        self.killed = killed


class OutOfMemory(ResourceError):
    """A training process reported that memory ran out."""


def run_processes(
    output: Path, devices: Devices, cluster: Cluster, resumed: Path | None, observe: Callable[[Event], None]
) -> Done:
    """Start the processes of a training and watch them to their end.

    Args:
        output: folder of the run, with its config.
        devices: the devices of this machine.
        cluster: the machines.
        resumed: the state to go on from.
        observe: called with each event.

    Raises:
        InterruptedRun: SIGTERM or Ctrl-C.
        ProcessesFailed: one of them died; a new start may help.
        OutOfMemory: one of them said that memory ran out; more micro-batches may help.
        ResourceError: the disk is full.
        PaddleNerError: an error that one of them reported.
    """
    logs = output / run_folder.LOGS
    logs.mkdir(exist_ok=True)
    machine, run = cluster.rank or 0, uuid.uuid4().hex
    events = EventReader(output, run, file_of(machine))
    environment = launch.environment(devices, os.environ, _cpuinfo(), usable_cores())
    if "MKL_DEBUG_CPU_TYPE" in environment and "MKL_DEBUG_CPU_TYPE" not in os.environ:
        observe(Info(f"AMD CPU: MKL_DEBUG_CPU_TYPE={environment['MKL_DEBUG_CPU_TYPE']} is set for the training"))
    environment |= {launch.RUN: run, launch.MACHINE: str(machine)}
    worker = [WORKER, str(output), devices.kind, *([str(resumed)] if resumed else [])]
    ended: list[Event] = []
    workers: list[int] = []
    with (logs / "training.log").open("ab") as log:
        process = subprocess.Popen(
            launch.command(worker, devices, cluster, logs, os.environ),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        with _forward_signals(process, workers) as signalled:
            status: int | None = None
            while status is None:
                with suppress(subprocess.TimeoutExpired):
                    status = process.wait(timeout=_POLL)
                for event in events.read():
                    if isinstance(event, WorkerStarted):
                        workers.append(event.pid)
                    elif isinstance(event, (Done, Interrupted, Failed, Crashed)):
                        ended.append(event)
                    observe(event)
    return _outcome(output, ended, bool(signalled), status)


def _outcome(output: Path, ended: list[Event], signalled: bool, status: int) -> Done:
    """The result of the training, from its last events and its exit status; raises unless it is done."""
    for event in ended:
        if isinstance(event, Done):
            return event
    for event in ended:
        if isinstance(event, Interrupted):
            raise InterruptedRun(f"stopped at update {event.step}, saved; go on with --resume")
    if signalled:
        states = state.steps(output / run_folder.STATES)
        raise InterruptedRun(
            f"stopped; go on from {states[-1].name} with --resume" if states else "stopped before anything was saved"
        )
    for event in ended:
        if isinstance(event, Failed):
            raise (OutOfMemory if event.memory else PaddleNerError)(event.message)
    if shutil.disk_usage(output).free < _FULL:
        raise ResourceError(state.full_disk(output))
    crashes = [event.message for event in ended if isinstance(event, Crashed)]
    reason = crashes[0] if crashes else f"its processes ended with {processes.ending(status)}"
    raise ProcessesFailed(
        f"training failed: {reason} (see {output / run_folder.LOGS}); --resume goes on from the last saved state",
        killed=status == -signal.SIGKILL and not crashes,
    )


@contextmanager
def _forward_signals(process: subprocess.Popen[bytes], workers: list[int]) -> Iterator[list[int]]:
    """Pass SIGTERM and Ctrl-C on as one SIGTERM, so that the training saves; the second one kills it.

    It goes to the workers themselves, if they are known: the launcher would kill them after 30 seconds, however long
    an evaluation takes. At the end no process of the training is left.
    """
    received: list[int] = []

    def forward(number: int, _: object) -> None:
        received.append(number)
        how = signal.SIGTERM if len(received) == 1 else signal.SIGKILL
        for pid in [*filter(_is_worker, workers)] or [process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, how)

    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, forward) for number in (signal.SIGTERM, signal.SIGINT)} if main else {}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        # The launcher gives each worker its own session, so they are ended one by one.
        for pid in filter(_is_worker, workers):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _is_worker(pid: int) -> bool:
    """Whether a process is still the same worker: process ids are used again."""
    try:
        return WORKER.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _cpuinfo() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
