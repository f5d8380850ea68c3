"""PaddleNLP's Trainer, with a loss that does not depend on padding, states without pickle, and exact metrics."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.distributed as dist
from paddle.io import DataLoader
from paddlenlp.trainer import Trainer, TrainerCallback, TrainerState, TrainingArguments
from paddlenlp.trainer.utils.helper import broadcast_dp_optimizer

from paddle_ner.bundle import Manifest
from paddle_ner.config import TrainingConfig
from paddle_ner.errors import BundleError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.inference.engines.dynamic import DynamicEngine
from paddle_ner.inference.predictor import Predictor
from paddle_ner.tasks import Task
from paddle_ner.tasks.metrics import Report
from paddle_ner.training import state as states
from paddle_ner.training.batches import BucketSampler, Row, collate
from paddle_ner.training.callbacks import SCORE, EvaluateAtEnd, Progress
from paddle_ner.training.events import EventWriter
from paddle_ner.training.loss import Loss, of_labels
from paddle_ner.types import Example

INPUTS = ("input_ids", "token_type_ids")  # what of a batch the model takes


def arguments(config: TrainingConfig, output: Path, device: str, devices: int) -> TrainingArguments:
    """PaddleNLP's arguments for a recipe. The Trainer sees whole updates: `NerTrainer` cuts them into micro-batches."""
    every = config.evaluate_every
    strategy = {"evaluation_strategy": "epoch", "save_strategy": "epoch"}
    if every != "epoch":
        strategy = {"evaluation_strategy": "steps", "save_strategy": "steps"}
    steps = every if isinstance(every, int) else 500
    return TrainingArguments(
        output_dir=str(output / "state"),
        logging_dir=str(output / "visualdl"),
        device=device,
        num_train_epochs=config.epochs,
        max_steps=config.max_steps or -1,
        per_device_train_batch_size=config.batch_size,
        learning_rate=config.rate_on(devices),
        lr_scheduler_type=config.schedule,
        warmup_ratio=config.warmup_ratio,
        weight_decay=config.weight_decay,
        max_grad_norm=config.max_grad_norm,
        fp16=config.precision == "fp16",
        bf16=config.precision == "bf16",
        recompute=config.recompute,
        seed=config.seed,
        logging_steps=config.log_every,
        eval_steps=steps,
        save_steps=steps,
        disable_tqdm=True,
        report_to=["visualdl"],
        **strategy,
    )


class NerTrainer(Trainer):  # type: ignore[misc]
    """Trains the model of any `Task`.

    Args:
        stop: asked after each update whether the run should end; processes end together.
        fingerprint: of what is learned from; it goes into each state.
        loss: what is minimized; None takes the task's own.
        callbacks: more of PaddleNLP's callbacks.
        events: written by the process of rank 0; None elsewhere.
    """

    def __init__(
        self,
        *,
        model: Any,
        args: TrainingArguments,
        config: TrainingConfig,
        task: Task,
        manifest: Manifest,
        tokenizer: Tokenizer,
        train: Sequence[Row],
        dev: Sequence[Example],
        events: EventWriter | None,
        stop: Callable[[], bool],
        fingerprint: str,
        loss: Loss | None = None,
        callbacks: Sequence[TrainerCallback] = (),
    ) -> None:
        super().__init__(
            model=model,
            args=args,
            train_dataset=train,
            callbacks=[*callbacks, Progress(events, task.metric), EvaluateAtEnd()],
        )
        self._loss = loss or of_labels(task)
        self._config, self._task, self._tokenizer = config, task, tokenizer
        self._dev, self._events, self._stop = dev, events, stop
        self._predictor = Predictor(manifest, tokenizer, DynamicEngine(model))
        self._states = Path(args.output_dir)
        self.fingerprint = fingerprint
        self._saved = -1
        self.interrupted = False

    control: Any  # PaddleNLP declares no types

    # Data ------------------------------------------------------------------------------------------------------------

    def get_train_dataloader(self) -> DataLoader:
        """Batches of like length; this process's share of each."""
        sampler = BucketSampler(
            [len(row.ids) for row in self.train_dataset],
            self._config.batch_size,
            bucket=self._config.bucket,
            seed=self._config.seed,
            rank=self.args.dataset_rank,
            world=self.args.dataset_world_size,
        )
        return DataLoader(
            _Rows(self.train_dataset),
            batch_sampler=sampler,
            collate_fn=partial(
                collate, task=self._task, pad_id=self._tokenizer.pad_id, limit=self._predictor.manifest.window.size
            ),
            num_workers=0,
        )

    # Loss ------------------------------------------------------------------------------------------------------------

    def training_step(self, model: Any, inputs: dict[str, Any]) -> Any:
        """Forward and backward over one update: the mean loss over all its valid positions, on all processes.

        The sum over a micro-batch is divided by the number of valid positions of the whole update, so that neither
        padding, nor accumulation, nor the number of processes changes the gradient.
        """
        model.train()
        counts = inputs.pop("counts")
        wanted = {name: inputs.pop(name) for name in [*inputs] if name not in INPUTS}
        world = self.args.dataset_world_size
        total = counts.sum()
        agreed = paddle.stack([total, paddle.to_tensor(int(self._stop()), dtype="int64")])
        if world > 1:
            dist.all_reduce(agreed)
        valid, stops = (int(value) for value in agreed.numpy())
        self.interrupted = self.interrupted or stops > 0
        # Dropout depends on nothing but the seed, the step and the process: a resumed run draws what the first one did.
        step = self.state.global_step * world + self.args.dataset_rank
        paddle.seed(self._config.seed * 1_000_003 + step)
        rows = len(counts)
        size = -(-rows // self._config.accumulation)
        starts = range(0, rows, size)
        loss = paddle.zeros([])
        for start in starts:
            part = slice(start, start + size)
            with _no_sync(model, start != starts[-1]), self.autocast_smart_context_manager():
                logits = model(**{name: values[part] for name, values in inputs.items()})
                targets = {name: values[part] for name, values in wanted.items()}
                share = self._loss(logits.astype("float32"), targets) * (world / max(1, valid))
            with _no_sync(model, start != starts[-1]):
                (self.scaler.scale(share) if self.do_grad_scaling else share).backward()
            loss += share.detach()
        return loss

    # Evaluation ------------------------------------------------------------------------------------------------------

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Score the dev examples, and stop early where they have not improved for `patience` evaluations."""
        metrics = {SCORE: self.score().value}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        if _out_of_patience(self.state.log_history, self._config.patience):
            self.control.should_training_stop = True
        return metrics

    def score(self) -> Report:
        """Metrics on the dev examples. Each process takes its share and the counts are added up: each counts once."""
        rank, world = self.args.dataset_rank, self.args.dataset_world_size
        mine = self._dev[rank::world]
        counts = self._task.count(mine, list(self._predictor.stream(example.text for example in mine)))
        if world > 1:
            summed = paddle.to_tensor(counts)
            dist.all_reduce(summed)
            counts = summed.numpy()
        return self._task.report(counts, len(self._dev))

    def checksums(self) -> list[int]:
        """A checksum of the weights of each process, by rank. They must be equal: each got the same gradients."""
        digest = hashlib.sha256()
        for _, value in sorted(self.model.state_dict().items()):
            digest.update(value.numpy().tobytes())
        own = paddle.to_tensor([int.from_bytes(digest.digest()[:7], "big")], dtype="int64")
        if self.args.world_size == 1:
            return [int(own)]
        gathered: list[Any] = []
        dist.all_gather(gathered, own)
        return [int(value) for value in gathered]

    # States ----------------------------------------------------------------------------------------------------------

    def _maybe_log_save_evaluate(self, tr_loss: Any, model: Any, epoch: int, ignore: Any, **kwargs: Any) -> None:
        """An interrupted run saves the update that it reached, once; and evaluates only what was due there anyway.

        So it leaves the state that an uninterrupted run would have had at this update.
        """
        if self.interrupted:
            due, saved = self._is_due(), self._saved == self.state.global_step
            self.control.should_log = False
            self.control.should_evaluate = due and not saved
            self.control.should_save = not saved
            self.control.should_training_stop = True
        super()._maybe_log_save_evaluate(tr_loss, model, epoch, ignore, **kwargs)

    def _is_due(self) -> bool:
        """Whether the recipe asks for an evaluation after this update."""
        every = self._config.evaluate_every
        at_end = self.state.global_step >= self.state.max_steps
        return at_end or (
            self.state.global_step % every == 0 if isinstance(every, int) else float(self.state.epoch).is_integer()
        )

    def finished(self, state: Path) -> bool:
        """Whether the training that left `state` had nothing more to do. Its record becomes that of this trainer."""
        self.state = TrainerState.load_from_json(str(state / states.TRAINER))
        return self.state.global_step >= self.state.max_steps or _out_of_patience(
            self.state.log_history, self._config.patience
        )

    def _save_checkpoint(self, model: Any, metrics: dict[str, float] | None = None) -> None:
        """Write a resumable state, and remember the best one."""
        step = self._saved = self.state.global_step
        folder = self._states / f"step-{step}"
        best = self.state.best_metric
        if metrics is not None and (best is None or metrics[SCORE] > best):
            self.state.best_metric = metrics[SCORE]
            self.state.best_model_checkpoint = str(folder)
        if self.args.should_save:
            weights = {name: value.numpy() for name, value in self.model.state_dict().items()}
            optimizer = dict(self.optimizer.state_dict())
            if self.do_grad_scaling:
                optimizer["scaler"] = plain(self.scaler.state_dict())
            record = json.dumps(dataclasses.asdict(self.state), indent=2)
            states.save(self._states, step, weights, optimizer, record, self.fingerprint)
            best_state = self.best_state()
            states.rotate(self._states, {best_state} if best_state else set())
        if self.args.world_size > 1:
            dist.barrier()

    def best_state(self) -> Path | None:
        """The state with the best dev score; None where nothing was scored yet. The run's folder may have moved."""
        best = self.state.best_model_checkpoint
        return self._states / Path(best).name if best else None

    def _load_from_checkpoint(self, resume_from_checkpoint: str | None = None) -> None:
        """Read the weights of a state; the other processes get them from rank 0 when the model is wrapped."""
        if resume_from_checkpoint and self.args.should_save:
            load_weights(self.model, Path(resume_from_checkpoint))

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        """Read the optimizer's moments and the schedule of a state."""
        if checkpoint is None:
            return
        values = None
        if self.args.should_save:
            values = _tensors(states.load_optimizer(Path(checkpoint)))
        if self.args.world_size > 1:
            values = broadcast_dp_optimizer(values)
        assert values is not None
        scaler = values.pop("scaler", None)
        self.optimizer.set_state_dict(values)
        if self.do_grad_scaling and scaler:
            self.scaler.load_state_dict(scaler)

    def _load_rng_state(self, checkpoint: str | None) -> None:
        """Nothing to load: see `training_step`."""


class _Rows(paddle.io.Dataset):  # type: ignore[misc]
    """Rows as the DataLoader wants them."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def __getitem__(self, index: int) -> Row:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)


def load_weights(model: Any, state: Path) -> None:
    """Put the weights of a state into `model`."""
    weights = {name: paddle.to_tensor(value) for name, value in states.load_weights(state).items()}
    missing, unexpected = model.set_state_dict(weights)
    if missing or unexpected:
        raise BundleError(f"{state / states.WEIGHTS}: does not fit the model: {', '.join([*missing, *unexpected][:3])}")


def _out_of_patience(history: Sequence[dict[str, float]], patience: int | None) -> bool:
    scores = [entry[SCORE] for entry in history if SCORE in entry]
    return patience is not None and len(scores) - 1 - int(np.argmax(scores or [0])) >= patience


def _no_sync(model: Any, wanted: bool) -> Any:
    """Hold the exchange of gradients back for all micro-batches but the last."""
    return model.no_sync() if wanted and hasattr(model, "no_sync") else nullcontext()


def _tensors(values: dict[str, Any]) -> dict[str, Any]:
    """Arrays, also those in the dictionary of master weights, as tensors."""

    def convert(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return paddle.to_tensor(value)
        return {key: convert(inner) for key, inner in value.items()} if isinstance(value, dict) else value

    return {key: convert(value) for key, value in values.items()}


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """The state of a GradScaler as JSON holds it: its scale is an array, the rest are numbers."""
    return {key: value if isinstance(value, bool) else np.asarray(value).tolist() for key, value in values.items()}


def load_best(trainer: NerTrainer, state: Path) -> None:
    """Put the weights of the best state into the model, on every process."""
    if trainer.args.should_save:
        load_weights(trainer.model, state)
    if trainer.args.world_size > 1:
        for parameter in trainer.model.parameters():
            dist.broadcast(parameter, src=0)
