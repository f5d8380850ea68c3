"""PaddleNLP's Trainer for any job, with a loss that does not depend on padding, and exact metrics."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.distributed as dist
from paddle.io import DataLoader
from paddlenlp.trainer import TrainingArguments

from paddle_ner.config import TrainingConfig
from paddle_ner.errors import NonFiniteError, PaddleNerError
from paddle_ner.training import state as states
from paddle_ner.training.callbacks import SCORE, EvaluateAtEnd, Progress
from paddle_ner.training.events import Event, Info
from paddle_ner.training.jobs.base import Prepared, Scores
from paddle_ner.training.resuming import ResumableTrainer
from paddle_ner.training.sampling import BucketSampler
from paddle_ner.training.techniques.adversarial import moved_embeddings
from paddle_ner.training.techniques.average import Average
from paddle_ner.training.techniques.rates import set_rates

INPUTS = ("input_ids", "token_type_ids")  # the inputs of every model


def arguments(config: TrainingConfig, output: Path, device: str, devices: int) -> TrainingArguments:
    """PaddleNLP's arguments for a config. The Trainer sees whole updates: `JobTrainer` cuts them into micro-batches."""
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
        report_to=["visualdl"] if config.visualdl else [],
        **strategy,
    )


class JobTrainer(ResumableTrainer):
    """Trains what a job has prepared.

    Args:
        prepared: by the job.
        args: as `arguments` returns them.
        config: how to learn it.
        stop: asked after each update whether the run should end; processes end together.
        say: told of events; only the process of rank 0 has a listener.
    """

    def __init__(
        self,
        *,
        prepared: Prepared,
        args: TrainingArguments,
        config: TrainingConfig,
        stop: Callable[[], bool],
        say: Callable[[Event], None] = lambda _: None,
    ) -> None:
        super().__init__(
            patience=config.patience,
            fingerprint=prepared.fingerprint,
            average=Average(prepared.model, config.ema) if config.ema is not None else None,
            model=prepared.model,
            args=args,
            train_dataset=prepared.features,
            callbacks=[*prepared.callbacks, Progress(say, prepared.scorer.metric), EvaluateAtEnd()],
        )
        set_rates(prepared.model, config)
        self._prepared, self._config, self._stop, self._say = prepared, config, stop, say
        self._last_loss: Any = None
        self.interrupted = False

    control: Any  # PaddleNLP declares no types

    # Data ------------------------------------------------------------------------------------------------------------

    def get_train_dataloader(self) -> DataLoader:
        """Batches of windows of similar length; this process's share of each."""
        sampler = BucketSampler(
            [len(window.ids) for window in self.train_dataset],
            self._config.batch_size,
            bucket=self._config.bucket,
            seed=self._config.seed,
            rank=self.args.dataset_rank,
            world=self.args.dataset_world_size,
        )
        return DataLoader(
            _Dataset(self.train_dataset), batch_sampler=sampler, collate_fn=self._prepared.collate, num_workers=0
        )

    # Loss ------------------------------------------------------------------------------------------------------------

    def training_step(self, model: Any, inputs: dict[str, Any]) -> Any:
        """Forward and backward over one update: the mean loss over all its valid positions, on all processes.

        The sum over a micro-batch is divided by the number of valid positions of the whole update, so that neither
        padding, nor accumulation, nor the number of processes changes the gradient.
        """
        model.train()
        counts = inputs.pop("counts")
        taken = (*INPUTS, *self._prepared.inputs)
        wanted = {name: inputs.pop(name) for name in [*inputs] if name not in taken}
        world = self.args.dataset_world_size
        total = counts.sum()
        flags = paddle.to_tensor([int(self._stop()), int(self._is_lost())], dtype="int64")
        agreed = paddle.concat([total.reshape([1]), flags])
        if world > 1:
            dist.all_reduce(agreed)
        valid, stops, lost = (int(value) for value in agreed.numpy())
        if lost:
            raise self._diverged(self.state.global_step)
        self.interrupted = self.interrupted or stops > 0
        # Dropout depends only on the seed, the step and the process: a resumed run draws the same.
        step = self.state.global_step * world + self.args.dataset_rank
        paddle.seed(self._config.seed * 1_000_003 + step)
        adversarial = self._config.adversarial
        loss = self._last_loss = self._backward(model, inputs, wanted, valid, exchange=adversarial is None)
        if adversarial is not None:
            with moved_embeddings(self.model, adversarial, world):
                self._backward(model, inputs, wanted, valid, exchange=True)
        return loss

    def _backward(
        self, model: Any, inputs: dict[str, Any], wanted: dict[str, Any], valid: int, *, exchange: bool
    ) -> Any:
        """Add the gradients of an update to the existing ones, in micro-batches, and return its loss.

        Args:
            model: as PaddleNLP wraps it.
            inputs: what the model takes.
            wanted: what the loss takes.
            valid: positions of the update that count, on all processes.
            exchange: average all gradients over the processes, with the last micro-batch.
        """
        windows = len(inputs["input_ids"])
        size = -(-windows // self._config.accumulation)
        starts = range(0, windows, size)
        loss = paddle.zeros([])
        for start in starts:
            part, alone = slice(start, start + size), start != starts[-1] or not exchange
            with _no_sync(model, alone), self.autocast_smart_context_manager():
                copies = self._prepared.copies
                outputs = model(**{name: paddle.concat([values[part]] * copies) for name, values in inputs.items()})
                targets = {name: values[part] for name, values in wanted.items()}
                single = {name: values.astype("float32") for name, values in outputs.items()}
                share = self._prepared.loss(single, targets) * (self.args.dataset_world_size / max(1, valid))
            with _no_sync(model, alone):
                (self.scaler.scale(share) if self.do_grad_scaling else share).backward()
            loss += share.detach()
        return loss

    def _is_lost(self) -> bool:
        """Whether the loss of the last update is not finite.

        It is checked at the next update, or before anything uses this one, so that no update waits for a GPU.
        """
        return self._last_loss is not None and not math.isfinite(float(self._last_loss))

    def _diverged(self, step: int) -> PaddleNerError:
        """The error of a training whose loss or weights are not finite after update `step`."""
        kept = states.steps(self._states)
        good = f"the last good state is {kept[-1]}" if kept else "no state was saved before"
        norm = self._config.max_grad_norm
        other = (
            f"training.max_grad_norm=1 (it is {norm:g})" if norm == 0 or norm > 1 else "a longer training.warmup_ratio"
        )
        return PaddleNerError(
            f"training stopped at update {step}: the loss is not finite; {good}. Train again with a lower"
            f" training.learning_rate (it is {self._config.learning_rate:g}) or --set {other}"
        )

    def check_weights(self, weights: dict[str, Any]) -> None:
        """Raise PaddleNerError if a weight is not finite: such a state is not written."""
        if not all(np.isfinite(values).all() for values in weights.values()):
            raise self._diverged(self.state.global_step)

    # Evaluation ------------------------------------------------------------------------------------------------------

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Score the dev examples, and stop early if they have not improved for `patience` evaluations."""
        with self._average.applied() if self._average else nullcontext():
            metrics = {SCORE: self.score().value}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        if self.is_out_of_patience():
            self.control.should_training_stop = True
            if self.state.global_step < self.state.max_steps:
                best, metric = max(self.scores()), self._prepared.scorer.metric
                self._say(
                    Info(
                        f"stopped early, at update {self.state.global_step} of {self.state.max_steps}: dev {metric} has"
                        f" not risen above {best:.4f} in {self._config.patience} evaluations (training.patience)"
                    )
                )
        return metrics

    def score(self) -> Scores:
        """Figures over the dev examples. Each process takes its share, so each example counts once."""
        scorer = self._prepared.scorer
        try:
            counts = scorer.count(self.args.dataset_rank, self.args.dataset_world_size)
        except NonFiniteError:
            raise self._diverged(self.state.global_step) from None
        if self.args.dataset_world_size > 1:
            summed = paddle.to_tensor(counts)
            dist.all_reduce(summed)
            counts = summed.numpy()
        return scorer.report(counts)

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

    # Interruptions ---------------------------------------------------------------------------------------------------

    def _maybe_log_save_evaluate(self, tr_loss: Any, model: Any, epoch: int, ignore: Any, **kwargs: Any) -> None:
        """An interrupted run saves its last update, once, and evaluates only if that is due.

        So it leaves the state that an uninterrupted run would have at this update.
        """
        if self.interrupted:
            due, saved = self._is_due(), self._saved == self.state.global_step
            self.control.should_log = False
            self.control.should_evaluate = due and not saved
            self.control.should_save = not saved
            self.control.should_training_stop = True
        if self.control.should_log or self.control.should_evaluate or self.control.should_save:
            self._check_loss()
        super()._maybe_log_save_evaluate(tr_loss, model, epoch, ignore, **kwargs)

    def _check_loss(self) -> None:
        """Raise on all processes if one has a loss that is not finite."""
        lost = paddle.to_tensor(int(self._is_lost()), dtype="int64")
        if self.args.dataset_world_size > 1:
            dist.all_reduce(lost)
        if int(lost):
            raise self._diverged(self.state.global_step)

    def _is_due(self) -> bool:
        """Whether the config asks for an evaluation after this update."""
        every = self._config.evaluate_every
        at_end = self.state.global_step >= self.state.max_steps
        return at_end or (
            self.state.global_step % every == 0 if isinstance(every, int) else float(self.state.epoch).is_integer()
        )


class _Dataset(paddle.io.Dataset):  # type: ignore[misc]
    """Features as the DataLoader wants them."""

    def __init__(self, features: Sequence[Any]) -> None:
        self._features = features

    def __getitem__(self, index: int) -> Any:
        return self._features[index]

    def __len__(self) -> int:
        return len(self._features)


def _no_sync(model: Any, wanted: bool) -> Any:
    """Do not exchange gradients between the processes yet."""
    return model.no_sync() if wanted and hasattr(model, "no_sync") else nullcontext()
