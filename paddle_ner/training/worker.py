"""The process that trains: started by `supervisor`, directly or through ``paddle.distributed.launch``.

python -m paddle_ner.training.worker OUTPUT cpu|gpu [STATE]
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from paddle_ner import config
from paddle_ner.bundle import Manifest
from paddle_ner.config import Config
from paddle_ner.errors import InputError, InterruptedRun, PaddleNerError, ResourceError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.modeling import write_checkpoint
from paddle_ner.tasks import Task
from paddle_ner.training import state as states
from paddle_ner.training.corpus import read_corpus
from paddle_ner.training.events import FILE, EventWriter
from paddle_ner.training.launch import EVENTS, SUPERVISOR
from paddle_ner.training.state import full_disk, is_full_disk

CHECKPOINT = "checkpoint"


class _Stop:
    """Whether the run should end: a signal came, or what started this process is gone."""

    def __init__(self) -> None:
        self._signalled = False
        self._supervisor = int(os.environ.get(SUPERVISOR, "0"))
        self._parent = os.getppid()
        self.listen()

    def listen(self) -> None:
        """Take SIGTERM and SIGINT. Paddle takes SIGTERM for itself at its import (3.1.1): call this again then."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, *_: object) -> None:
        self._signalled = True

    def __call__(self) -> bool:
        if os.getppid() != self._parent:
            self._signalled = True
        if self._supervisor and not self._signalled:
            try:
                os.kill(self._supervisor, 0)
            except ProcessLookupError:
                self._signalled = True
        return self._signalled


def run(output: Path, device: str, state: Path | None) -> None:
    """Train as ``config.yaml`` in `output` says, and write the checkpoint.

    Args:
        output: the run's folder.
        device: cpu or gpu.
        state: resume from this ``step-N``.

    Raises:
        InterruptedRun: a signal came; the state reached is saved.
        PaddleNerError: what went wrong, in one line.
    """
    stop = _Stop()
    log = events_of(output)
    log.write("worker", pid=os.getpid())
    recipe = config.load(output / "config.yaml")
    leads = os.environ.get("PADDLE_TRAINER_ID", "0") == "0"
    events = log if os.environ.get("PADDLE_LOCAL_RANK", "0") == "0" else None  # one process a machine speaks

    def say(message: str) -> None:
        if events is not None:
            events.write("info", message=message)

    corpus = read_corpus(recipe, say)
    say(f"{len(corpus.train):,} examples to train on, {len(corpus.dev):,} to choose by; loading PaddleNLP")

    import paddle

    from paddle_ner.training import batches, distillation, trainer

    if device == "cpu":
        paddle.set_device("cpu")  # the GPU build would take a GPU by itself
    devices = int(os.environ.get("PADDLE_TRAINERS_NUM", "1"))
    arguments = trainer.arguments(recipe.training, output, device, devices)
    stop.listen()
    loss, callbacks = None, []
    if recipe.distillation is None:
        tokenizer, model = build_model(recipe, corpus.task, [example.text for example in corpus.train], say)
        rows, misaligned = batches.encode(
            corpus.train, corpus.task, tokenizer, recipe.window.size, recipe.window.overlap
        )
    else:
        lesson = distillation.prepare(recipe, corpus, output, stop=stop, log=say)
        tokenizer, model, rows, misaligned = lesson.tokenizer, lesson.model, lesson.rows, lesson.misaligned
        loss, callbacks = lesson.loss, lesson.callbacks
    if len(rows) < devices:
        raise InputError(f"{len(rows)} training rows are too few for {devices} processes; use fewer --devices")
    if misaligned:
        say(f"{misaligned:,} entities begin or end inside a token and are learned as the tokens that they touch")
    if recipe.training.scale_learning_rate != "none":
        say(f"learning rate {recipe.training.rate_on(devices):g} on {devices} devices")
    manifest = Manifest(
        name=recipe.name,
        task=corpus.task.spec(),
        window=recipe.window,
        config=recipe.model_dump(mode="json"),
    )
    run = trainer.NerTrainer(
        model=model,
        args=arguments,
        config=recipe.training,
        task=corpus.task,
        manifest=manifest,
        tokenizer=tokenizer,
        train=rows,
        dev=corpus.dev,
        events=events,
        stop=stop,
        fingerprint=batches.fingerprint(rows, corpus.task, corpus.dev),
        loss=loss,
        callbacks=callbacks,
    )
    if state is not None and leads:
        states.check_fingerprint(state, run.fingerprint)
    stop.listen()
    if state is None or not run.finished(state):
        run.train(resume_from_checkpoint=str(state) if state else None)
    if run.interrupted:
        if events is not None:
            events.write("interrupted", step=run.state.global_step)
        raise InterruptedRun(f"stopped at update {run.state.global_step}; go on with --resume")
    best = run.best_state()
    if best is not None:
        trainer.load_best(run, best)
    checksums = run.checksums()
    if len(set(checksums)) > 1:
        raise PaddleNerError(f"the processes ended with different weights (checksums {checksums}); please report this")
    report = run.score()
    if leads:
        manifest = manifest.model_copy(update={"metrics": {"dev": report.to_dict()}})
        write_checkpoint(output / CHECKPOINT, model, tokenizer, manifest)
    if events is not None:
        events.write("done", step=run.state.global_step, metric=report.metric, score=report.value, checksums=checksums)


def events_of(output: Path) -> EventWriter:
    """The events of this machine."""
    return EventWriter(output, os.environ.get(EVENTS, FILE))


def build_model(
    recipe: Config, task: Task, texts: list[str], log: Callable[[str], None] = lambda _: None
) -> tuple[Tokenizer, Any]:
    """The tokenizer and the model of a recipe, weights loaded or drawn from the seed."""
    import paddle

    from paddle_ner import modeling

    paddle.seed(recipe.training.seed)
    source = recipe.model.pretrained
    if source is not None:
        vocabulary = modeling.vocabulary_of(source)
        tokenizer = Tokenizer.wordpiece(vocabulary.tokens, vocabulary.lowercase)
        model = modeling.from_pretrained(
            task.head, task.num_outputs, source, allow_pickle=recipe.model.allow_pickle, log=log
        )
    else:
        tokenizer = build_tokenizer(recipe, texts)
        model = modeling.build(
            task.head,
            task.num_outputs,
            config={"max_position_embeddings": recipe.window.size, **recipe.model.encoder},
            vocab_size=tokenizer.vocabulary_size,
            pad_token_id=tokenizer.pad_id,
        )
    longest = int(model.config.max_position_embeddings)
    if recipe.window.size > longest:
        raise InputError(f"window.size is {recipe.window.size}, but the encoder has {longest} positions")
    return tokenizer, model


def build_tokenizer(recipe: Config, texts: list[str]) -> Tokenizer:
    """The tokenizer of a recipe whose model brings none."""
    options = recipe.tokenizer
    if options.vocabulary is None:
        return Tokenizer.characters(texts, options.min_frequency, options.lowercase)
    path = recipe.data.resolve(options.vocabulary)
    if path.suffix == ".json":
        return Tokenizer.load(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    return Tokenizer.wordpiece([line.split("\t")[0] for line in lines], options.lowercase)


def main(arguments: list[str]) -> int:
    """Run, and turn what goes wrong into an event and an exit status."""
    output, device = Path(arguments[0]), arguments[1]
    state = Path(arguments[2]) if len(arguments) > 2 else None
    try:
        run(output, device, state)
        return 0
    except InterruptedRun as error:
        print(error, file=sys.stderr)
        return error.exit_status
    except PaddleNerError as error:
        return _tell(output, "error", str(error), error.exit_status)
    except Exception as error:
        traceback.print_exc()
        if mend := _mend(error, device, output):
            return _tell(output, "error", mend, ResourceError.exit_status)
        return _tell(output, "crash", f"{type(error).__name__}: {error}".splitlines()[0], 1)


def _tell(output: Path, event: str, message: str, status: int) -> int:
    """Write the last event and return the exit status; on a full disk the status must be enough."""
    with suppress(OSError):
        events_of(output).write(event, message=message)
    return status


def _mend(error: Exception, device: str, output: Path) -> str | None:
    """What to do where memory or disk ran out; None for any other error."""
    if isinstance(error, MemoryError) or "ResourceExhausted" in str(error):
        return (
            f"out of memory on {device}: lower training.batch_size, raise training.accumulation, or set"
            " training.recompute=true"
        )
    return full_disk(output) if is_full_disk(error) else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
