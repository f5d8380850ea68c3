"""A training from outside: it checks what is asked for, and starts the processes, again after a failure if wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddle_ner.config import BaseConfig, Config, TrainingConfig
from paddle_ner.environment import require
from paddle_ner.errors import DeviceError, InputError
from paddle_ner.training import curves, jobs, launch, run_folder, state
from paddle_ner.training.events import Event, Info, Warned
from paddle_ner.training.launch import Cluster, Devices
from paddle_ner.training.watching import OutOfMemory, ProcessesFailed, run_processes

Observer = Callable[[Event], None]

_ALONE = Cluster()


@dataclass(frozen=True, slots=True)
class Trained:
    """The result of a training.

    Attributes:
        checkpoint: folder of the best checkpoint; of a pretraining, of the encoder.
        metric: f1 or accuracy; of a pretraining, log-likelihood.
        score: the score of the checkpoint on the dev data.
    """

    checkpoint: Path
    metric: str
    score: float


def train(
    config: BaseConfig | Mapping[str, Any] | str | Path | None,
    output: str | Path,
    *,
    kind: type[BaseConfig] = Config,
    overrides: Sequence[str] = (),
    devices: str | None = None,
    cluster: Cluster = _ALONE,
    resume: bool = False,
    overwrite: bool = False,
    max_restarts: int = 0,
    find_batch_size: bool = False,
    observe: Observer = lambda _: None,
) -> Trained:
    """Train as a config says and write ``checkpoint/`` into `output`; for a `PretrainConfig`, ``encoder/``.

    Args:
        config: the config, its YAML file, or its content; None, with `resume`, takes that of the run.
        output: folder of the run; it also gets config.yaml, state/, logs/, events.jsonl, curves.html and, where the
            config has a teacher, teacher/ with its answers; of a pretraining, tokens/.
        kind: the kind of the config, if it is not given as one.
        overrides: ``key.path=value``, as ``--set`` takes them.
        devices: as `Devices.parse` reads them; None is the CPU, or with `resume` what the run was started on.
        cluster: the machines.
        resume: go on from the last complete state in `output`, with the settings of the run if none are given.
        overwrite: delete what an earlier training left in `output`.
        max_restarts: how often to start a failed training again, from its last complete state.
        find_batch_size: if memory runs out, continue with twice as many micro-batches in an update, until they fit: the
            updates stay the same (`accumulation` of the config grows).
        observe: called with each event of `paddle_ner.training.events`, in this thread: for showing progress.

    Raises:
        InputError, DataError: the config, the data or the options are wrong, or another training runs in `output`.
        DeviceError: the devices cannot be used.
        InterruptedRun: SIGTERM or Ctrl-C; the state reached is saved.
        ResourceError: disk or memory ran out.
    """
    require("paddle", "paddlenlp", needed_for="train")
    output = Path(output).absolute()
    asked = run_folder.asked_config(config, output, overrides, resume, kind)
    first = run_folder.first_start(output) if resume else None
    devices = devices or (first.devices if first else "cpu")
    where = Devices.parse(devices)
    cluster.check()
    if find_batch_size and cluster.nnodes > 1:
        raise InputError("--find-batch-size is for one machine: several would find different sizes")
    _check_devices(where, asked)
    job = jobs.job_of(asked)
    checked = job.check(asked, lambda message: observe(Info(message)), lambda message: observe(Warned(message)))
    machine = cluster.rank or 0
    with run_folder.locked(output, machine):
        start = run_folder.Start(devices, tuple(overrides))
        run_folder.prepare(checked, output, start, resume=resume, overwrite=overwrite, leads=machine == 0)
        drawn = curves.Drawn(output, observe) if machine == 0 else observe
        restarts = 0
        while True:
            states = state.steps(output / run_folder.STATES) if resume else []
            if resume:
                place = f"from {states[-1].name}" if states else "from the beginning: no complete state was saved"
                observe(Info(f"resuming {place}"))
            try:
                done = run_processes(output, where, cluster, states[-1] if states else None, drawn)
                return Trained(output / job.result, done.metric, done.score)
            except (OutOfMemory, ProcessesFailed) as error:
                smaller = _smaller(checked) if find_batch_size and _is_memory(error) else None
                if smaller is not None:
                    checked, resume = smaller, True
                    run_folder.rewrite(checked, output)
                    observe(Info(_trying(checked.training)))
                    continue
                if isinstance(error, OutOfMemory) or restarts >= max_restarts:
                    raise
                restarts += 1
                resume = True
                observe(Info(f"{error}; start {restarts} of {max_restarts} again"))


def _is_memory(error: OutOfMemory | ProcessesFailed) -> bool:
    return isinstance(error, OutOfMemory) or error.killed


def _smaller(config: BaseConfig) -> BaseConfig | None:
    """The config with twice as many micro-batches; None if each is a single window already."""
    training = config.training
    if training.accumulation >= training.batch_size:
        return None
    accumulation = min(training.batch_size, 2 * training.accumulation)
    return config.model_copy(update={"training": training.model_copy(update={"accumulation": accumulation})})


def _trying(training: TrainingConfig) -> str:
    size = -(-training.batch_size // training.accumulation)
    return (
        f"memory ran out: trying training.accumulation={training.accumulation}, {size} of the"
        f" {training.batch_size} windows of an update at a time"
    )


def _check_devices(devices: Devices, config: BaseConfig) -> None:
    """Raise DeviceError if the devices are not there, or cannot train as the config says."""
    precision = config.training.precision
    if devices.kind == "cpu" and precision != "fp32":
        raise DeviceError(
            f"training.precision {precision} needs a GPU: on CPU PaddlePaddle crashes or ignores it; train with"
            " --set training.precision=fp32, or name GPUs with --devices"
        )
    if devices.kind == "gpu":
        launch.check_gpus(devices, launch.probe_gpus())
