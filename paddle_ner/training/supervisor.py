"""Starts a training in processes of its own, watches it, starts it again where that is wanted, ends it cleanly."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from paddle_ner import config as configs
from paddle_ner.config import Config
from paddle_ner.environment import require
from paddle_ner.errors import DeviceError, InputError, InterruptedRun, PaddleNerError, ResourceError
from paddle_ner.machine import usable_cores
from paddle_ner.training import launch, state
from paddle_ner.training.corpus import read_corpus
from paddle_ner.training.events import FILE, EventReader, file_of
from paddle_ner.training.launch import Cluster, Devices
from paddle_ner.training.teacher import pin

Observer = Callable[[dict[str, Any]], None]

_ALONE = Cluster()
_POLL = 0.2  # seconds between two looks at the events
_FULL = 1 << 16  # bytes: a disk with less left is full


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training left.

    Attributes:
        checkpoint: folder of the best checkpoint.
        metric: f1 or accuracy.
        score: of the checkpoint on the dev data.
    """

    checkpoint: Path
    metric: str
    score: float


class _Failed(PaddleNerError):
    """The training processes ended without a word of their own."""


def train(
    config: Config,
    output: Path,
    *,
    devices: str = "cpu",
    cluster: Cluster = _ALONE,
    resume: bool = False,
    overwrite: bool = False,
    max_restarts: int = 0,
    observe: Observer = lambda _: None,
) -> Trained:
    """Train a recipe and leave ``checkpoint/`` in `output`.

    Args:
        config: the recipe.
        output: folder of the run; it also gets config.yaml, state/, logs/, visualdl/, events.jsonl and, where the
            recipe has a teacher, teacher/ with its answers.
        devices: as `Devices.parse` reads them.
        cluster: the machines.
        resume: go on from the last complete state in `output`.
        overwrite: delete what an earlier training left in `output`.
        max_restarts: start a failed training again so often, from its last complete state.
        observe: called with each event (see `events`).

    Raises:
        InputError, DataError: the recipe, the data or the options are wrong.
        DeviceError: the devices cannot be used.
        InterruptedRun: SIGTERM or Ctrl-C; the state reached is saved.
        ResourceError: disk or memory ran out.
    """
    require("paddle", "paddlenlp", needed_for="train")
    where = Devices.parse(devices)
    cluster.check()
    if where.kind == "cpu" and config.training.precision != "fp32":
        raise DeviceError(
            f"training.precision {config.training.precision} needs a GPU: on CPU PaddlePaddle crashes or ignores it;"
            " use fp32, or name GPUs with --devices"
        )
    if where.kind == "gpu":
        launch.check_gpus(where, launch.probe_gpus())
    output = output.absolute()
    corpus = read_corpus(config, lambda message: observe({"event": "info", "message": message}))
    observe({"event": "info", "message": f"data checked: {', '.join(corpus.task.labels)}"})
    config = pin(config, corpus.task)
    del corpus
    _prepare(config, output, resume=resume, overwrite=overwrite, leads=not cluster.rank)
    restarts = 0
    while True:
        try:
            return _run(config, output, where, cluster, resume, observe)
        except _Failed as error:
            if restarts >= max_restarts:
                raise
            restarts += 1
            resume = True
            observe({"event": "info", "message": f"{error}; start {restarts} of {max_restarts} again"})


def _prepare(config: Config, output: Path, *, resume: bool, overwrite: bool, leads: bool) -> None:
    """Make the run's folder, and refuse to mix two trainings in it."""
    written = output / "config.yaml"
    text = configs.dump(config)
    if not leads:  # the disk may be shared with the machine that does
        output.mkdir(parents=True, exist_ok=True)
        if not written.exists():
            written.write_text(text, encoding="utf-8")
        return
    if resume:
        if not written.is_file():
            raise InputError(f"{output}: nothing to resume here")
        if difference := _difference(yaml.safe_load(written.read_text(encoding="utf-8")), yaml.safe_load(text)):
            raise InputError(f"{output}: --resume with another recipe: {difference}")
        state.clean(output / "state")
        return
    names = ("config.yaml", "state", "logs", "visualdl", FILE, state.ANSWERS, "checkpoint")
    if any((output / name).exists() for name in names if name != "config.yaml"):
        if not overwrite:
            raise InputError(f"{output}: holds a training already: --resume goes on with it, --overwrite deletes it")
        if not (output / FILE).exists():
            raise InputError(f"{output}: holds files that no training of paddle-ner left; name another --output")
        for name in names:
            path = output / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    output.mkdir(parents=True, exist_ok=True)
    written.write_text(text, encoding="utf-8")


def _difference(old: Any, new: Any, place: str = "") -> str | None:
    """The first place where two recipes differ, in words."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            if found := _difference(old.get(key), new.get(key), f"{place}.{key}".lstrip(".")):
                return found
        return None
    return None if old == new else f"{place} was {old}, now it is {new}"


def _run(config: Config, output: Path, devices: Devices, cluster: Cluster, resume: bool, observe: Observer) -> Trained:
    """One start of the training processes, watched to its end."""
    events = EventReader(output, file_of(cluster.rank or 0))
    found = state.steps(output / "state") if resume else []
    if resume:
        place = f"from {found[-1].name}" if found else "from the beginning: no complete state was saved"
        observe({"event": "info", "message": f"resuming {place}"})
    logs = output / "logs"
    logs.mkdir(exist_ok=True)
    worker = ["paddle_ner.training.worker", str(output), devices.kind, *([str(found[-1])] if found else [])]
    environment = launch.environment(devices, os.environ, _cpuinfo(), usable_cores())
    environment[launch.EVENTS] = file_of(cluster.rank or 0)
    if "MKL_DEBUG_CPU_TYPE" in environment and "MKL_DEBUG_CPU_TYPE" not in os.environ:
        switch = f"MKL_DEBUG_CPU_TYPE={environment['MKL_DEBUG_CPU_TYPE']}"
        observe({"event": "info", "message": f"AMD CPU: {switch} is set for the training"})
    outcome: dict[str, Any] = {}
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
            while True:
                try:
                    status: int | None = process.wait(timeout=_POLL)
                except subprocess.TimeoutExpired:
                    status = None
                for event in events.read():
                    if event["event"] == "worker":
                        workers.append(event["pid"])
                    elif event["event"] in ("done", "interrupted", "error", "crash"):
                        outcome.setdefault(event["event"], event)
                    observe(event)
                if status is not None:
                    break
    if "done" in outcome:
        return Trained(output / "checkpoint", outcome["done"]["metric"], outcome["done"]["score"])
    if "interrupted" in outcome:
        raise InterruptedRun(f"stopped at update {outcome['interrupted']['step']}, saved; go on with --resume")
    if signalled:
        left = state.steps(output / "state")
        raise InterruptedRun(
            f"stopped; go on from {left[-1].name} with --resume" if left else "stopped before anything was saved"
        )
    if "error" in outcome:
        raise PaddleNerError(outcome["error"]["message"])
    if shutil.disk_usage(output).free < _FULL:
        raise ResourceError(state.full_disk(output))
    reason = outcome["crash"]["message"] if "crash" in outcome else f"its processes ended with exit status {status}"
    raise _Failed(f"training failed: {reason} (see {logs}); --resume goes on from the last saved state")


@contextmanager
def _forward_signals(process: subprocess.Popen[bytes], workers: list[int]) -> Iterator[list[int]]:
    """Pass SIGTERM and Ctrl-C on as one SIGTERM, so that the training saves; the second one kills it.

    It goes to the workers themselves, where they are known: the launcher would kill them after 30 seconds, however long
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
        # The launcher gives each worker a session of its own: they are ended one by one.
        for pid in filter(_is_worker, workers):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _is_worker(pid: int) -> bool:
    """Whether a process is still the worker that it was: numbers are used again."""
    try:
        return b"paddle_ner.training.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _cpuinfo() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
