"""PaddleNLP's Trainer with our states: without pickle, and a resumed run ends like one that was never stopped."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.distributed as dist
from paddlenlp.trainer import Trainer, TrainerState
from paddlenlp.trainer.utils.helper import broadcast_dp_optimizer

from paddle_ner.errors import BundleError
from paddle_ner.training import state as states
from paddle_ner.training.callbacks import SCORE
from paddle_ner.training.techniques.average import Average


class ResumableTrainer(Trainer):  # type: ignore[misc]
    """Writes and reads the states ``step-N`` in the output folder of its arguments.

    Args:
        patience: evaluations without a better one after which the training ends; None never ends it early.
        fingerprint: the fingerprint of what is learned from; it goes into each state.
        average: the average of the weights, if it is scored and kept in their place.
        options: the options of PaddleNLP's Trainer.
    """

    def __init__(self, *, patience: int | None, fingerprint: str, average: Average | None, **options: Any) -> None:
        super().__init__(**options)
        if average is not None:
            self.add_callback(average)
        self._average = average
        self._states = Path(self.args.output_dir)
        self._patience, self._fingerprint = patience, fingerprint
        self._saved = -1

    def resume(self, state: Path) -> bool:
        """Read the record of `state`, and return whether its training was complete.

        Raises:
            BundleError: the state is damaged.
            InputError: it was learned from other data.
        """
        if self.args.should_save:
            states.verify(state)
            states.check_fingerprint(state, self._fingerprint)
        self.state = TrainerState.load_from_json(str(state / states.TRAINER))
        return self.state.global_step >= self.state.max_steps or self.is_out_of_patience()

    def is_out_of_patience(self) -> bool:
        """Whether the score has not improved for `patience` evaluations, so that the training ends.

        While it is 0 the model has not begun to learn, and no evaluation counts: with few examples an epoch is short.
        """
        scores = self.scores()
        if self._patience is None or max(scores, default=0) == 0:
            return False
        return len(scores) - 1 - int(np.argmax(scores)) >= self._patience

    def scores(self) -> list[float]:
        """The score of each evaluation so far."""
        return [entry[SCORE] for entry in self.state.log_history if SCORE in entry]

    def best_state(self) -> Path | None:
        """The state with the best score; None if nothing was scored yet. The run's folder may have moved."""
        best = self.state.best_model_checkpoint
        return self._states / Path(best).name if best else None

    def load_best(self) -> None:
        """Put the weights of the best state, those that were scored, into the model, on every process."""
        best = self.best_state()
        if best is None:
            return
        if self.args.should_save:
            states.verify(best)
            load_weights(self.model, best, averaged=self._average is not None)
        if self.args.world_size > 1:
            for parameter in self.model.parameters():
                dist.broadcast(parameter, src=0)

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
            self.check_weights(weights)
            average = self._average.weights() if self._average else None
            optimizer = dict(self.optimizer.state_dict())
            if self.do_grad_scaling:
                optimizer["scaler"] = plain(self.scaler.state_dict())
            record = json.dumps(dataclasses.asdict(self.state), indent=2)
            states.save(self._states, step, weights, optimizer, record, self._fingerprint, average)
            best_state = self.best_state()
            states.rotate(self._states, {best_state} if best_state else set())
        if self.args.world_size > 1:
            dist.barrier()

    def check_weights(self, weights: dict[str, Any]) -> None:
        """Called before weights are saved; raises if they must not be."""

    def _load_from_checkpoint(self, resume_from_checkpoint: str | None = None) -> None:
        """Read the weights of a state; the other processes get them from rank 0 when the model is wrapped."""
        if resume_from_checkpoint and self.args.should_save:
            load_weights(self.model, Path(resume_from_checkpoint))

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        """Read the optimizer's moments, the schedule and the average of the weights of a state."""
        if checkpoint is None:
            return
        if self._average is not None:
            average = states.load_average(Path(checkpoint)) if self.args.should_save else None
            self._average.load(average, self.args.world_size)
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
        """Nothing to load: each update draws from its own seed, see `JobTrainer.training_step`."""


def load_weights(model: Any, state: Path, *, averaged: bool = False) -> None:
    """Put the weights of a state, or their average, into `model`."""
    values = states.load_average(state) if averaged else states.load_weights(state)
    weights = {name: paddle.to_tensor(value) for name, value in values.items()}
    missing, unexpected = model.set_state_dict(weights)
    if missing or unexpected:
        raise BundleError(f"{state / states.WEIGHTS}: does not fit the model: {', '.join([*missing, *unexpected][:3])}")


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """The state of a GradScaler as JSON holds it: its scale is an array, the rest are numbers."""
    return {key: value if isinstance(value, bool) else np.asarray(value).tolist() for key, value in values.items()}


def _tensors(values: dict[str, Any]) -> dict[str, Any]:
    """Arrays, also those in the dictionary of master weights, as tensors."""

    def convert(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return paddle.to_tensor(value)
        return {key: convert(inner) for key, inner in value.items()} if isinstance(value, dict) else value

    return {key: convert(value) for key, value in values.items()}
