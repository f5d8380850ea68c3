"""A process that trains: it runs one job. Started by `watching`, directly or through ``paddle.distributed.launch``.

python -m paddle_ner.training.worker OUTPUT cpu|gpu [STATE]
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from paddle_ner import config as configs
from paddle_ner.errors import InputError, InterruptedRun, PaddleNerError, ResourceError
from paddle_ner.files import is_full_disk
from paddle_ner.training import jobs, launch, run_folder, shared
from paddle_ner.training.events import (
    Crashed,
    Done,
    Event,
    EventWriter,
    Failed,
    Info,
    Interrupted,
    Warned,
    WorkerStarted,
    file_of,
)
from paddle_ner.training.jobs import Prepared
from paddle_ner.training.state import full_disk
from paddle_ner.training.stopping import Stop

if TYPE_CHECKING:
    from paddle_ner.training.trainer import JobTrainer


def run(output: Path, device: str, state: Path | None) -> None:
    """Train as ``config.yaml`` in `output` says, and write the result.

    Args:
        output: the run's folder.
        device: cpu or gpu.
        state: resume from this ``step-N``.

    Raises:
        InterruptedRun: a signal came; the state reached is saved.
        PaddleNerError: what went wrong, in one line.
    """
    stop = Stop()
    log = events_of(output)
    log.write(WorkerStarted(os.getpid()))
    stop.watch()
    speaks = shared.place()[0] == 0  # one process per machine
    say: Callable[[Event], None] = log.write if speaks else lambda _: None
    config = configs.load_dumped(output / run_folder.CONFIG)
    say(Info("loading PaddleNLP"))
    import paddle

    from paddle_ner.training import trainer

    if device == "cpu":
        paddle.set_device("cpu")  # the GPU build would take a GPU by default
    devices = int(os.environ.get("PADDLE_TRAINERS_NUM", "1"))
    arguments = trainer.arguments(config.training, output, device, devices)
    stop.listen()
    job = jobs.job_of(config)
    prepared = job.prepare(jobs.Run(config, output, stop, lambda message: say(Info(message))))
    if len(prepared.features) < devices:
        raise InputError(f"{len(prepared.features)} windows are too few for {devices} processes; use fewer --devices")
    if config.training.scale_learning_rate != "none":
        say(Info(f"learning rate {config.training.rate_on(devices):g} on {devices} devices"))
    job_trainer = trainer.JobTrainer(prepared=prepared, args=arguments, config=config.training, stop=stop, say=say)
    stop.listen()
    if state is None or not job_trainer.resume(state):
        stop.begin()
        job_trainer.train(resume_from_checkpoint=str(state) if state else None)
    if job_trainer.interrupted:
        say(Interrupted(job_trainer.state.global_step))
        raise InterruptedRun(f"stopped at update {job_trainer.state.global_step}; go on with --resume")
    say(_finish(job_trainer, prepared, output / job.result, say))


def _finish(trainer: JobTrainer, prepared: Prepared, result: Path, say: Callable[[Event], None]) -> Done:
    """Write the result of the best state."""
    trainer.load_best()
    checksums = trainer.checksums()
    if len(set(checksums)) > 1:
        raise PaddleNerError(f"the processes ended with different weights (checksums {checksums}); please report this")
    scores = trainer.score()
    if os.environ.get("PADDLE_TRAINER_ID", "0") == "0":
        prepared.write(result, {"dev": scores.to_dict()})
    if scores.value == 0:
        say(
            Warned(
                f"dev {scores.metric} is 0: the model has learned nothing yet. What usually helps: more epochs"
                " (--set training.epochs), another learning rate (--set training.learning_rate), more examples, or"
                " pretrained weights (--set model.pretrained)"
            )
        )
    return Done(trainer.state.global_step, scores.metric, scores.value, tuple(checksums))


def events_of(output: Path) -> EventWriter:
    """The events of this start on this machine."""
    return EventWriter(output, os.environ.get(launch.RUN, ""), file_of(_machine()))


def _machine() -> int:
    return int(os.environ.get(launch.MACHINE, "0"))


def main(arguments: list[str]) -> int:
    """Run, and turn errors into an event and an exit status."""
    output, device = Path(arguments[0]), arguments[1]
    state = Path(arguments[2]) if len(arguments) > 2 else None
    lock = run_folder.join_lock(output, _machine())
    if lock is None:
        print(f"{output}: the training that started this process has ended", file=sys.stderr)
        return InterruptedRun.exit_status
    with lock:
        try:
            run(output, device, state)
            return 0
        except InterruptedRun as error:
            print(error, file=sys.stderr)
            return error.exit_status
        except PaddleNerError as error:
            return _tell(output, Failed(str(error)), error.exit_status)
        except Exception as error:
            traceback.print_exc()
            if advice := _advice(error, device, output):
                return _tell(output, Failed(advice, memory=_is_memory(error)), ResourceError.exit_status)
            return _tell(output, Crashed(f"{type(error).__name__}: {error}".splitlines()[0]), 1)


def _tell(output: Path, event: Event, status: int) -> int:
    """Write the last event and return the exit status; on a full disk there is only the status."""
    with suppress(OSError):
        events_of(output).write(event)
    return status


def _is_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or "ResourceExhausted" in str(error)


def _advice(error: Exception, device: str, output: Path) -> str | None:
    """What to do if memory or disk ran out; None for any other error."""
    if _is_memory(error):
        return (
            f"out of memory on {device}: train with --find-batch-size, lower training.batch_size, raise"
            " training.accumulation, or set training.recompute=true (each with --set)"
        )
    return full_disk(output) if is_full_disk(error) else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
