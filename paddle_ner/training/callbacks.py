"""What the Trainer calls while it runs: an evaluation at the end, and events for the watching process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import paddle
from paddlenlp.trainer import IntervalStrategy, TrainerCallback

from paddle_ner.training.events import Begun, Evaluated, Event, Logged, Updated

SCORE = "eval_score"  # the dev metric among the Trainer's metrics


class EvaluateAtEnd(TrainerCallback):  # type: ignore[misc]
    """Evaluate after the last update too, if the number of updates is not a multiple of the interval."""

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Ask for an evaluation and a state after the last update."""
        if args.evaluation_strategy == IntervalStrategy.STEPS and state.global_step >= state.max_steps:
            control.should_evaluate = control.should_save = True


class EachEpoch(TrainerCallback):  # type: ignore[misc]
    """Calls `begin` with the number of each pass over the data, from 0, before its first batch is made."""

    def __init__(self, begin: Callable[[int], None]) -> None:
        self._begin = begin

    def on_epoch_begin(self, args: Any, state: Any, control: Any, train_dataloader: Any, **_: Any) -> None:
        """Read the number on which the order of the windows depends."""
        self._begin(train_dataloader.batch_sampler.epoch)


class KeepZeros(TrainerCallback):  # type: ignore[misc]
    """Sets pruned weights to zero again after each update."""

    def __init__(self, masks: Mapping[str, Any], model: Any) -> None:
        self._masked = [(parameter, masks[name]) for name, parameter in model.named_parameters() if name in masks]

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Multiply the pruned weights by their masks."""
        with paddle.no_grad():
            for parameter, mask in self._masked:
                parameter.set_value(parameter * mask)


class Progress(TrainerCallback):  # type: ignore[misc]
    """Reports what a person wants to see of the run."""

    def __init__(self, say: Callable[[Event], None], metric: str) -> None:
        self._say, self._metric = say, metric

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Report how many updates there are, and where a resumed run begins."""
        self._say(Begun(state.global_step, state.max_steps))

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Report that an update is done."""
        self._say(Updated(state.global_step, round(state.epoch, 3)))

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """Report loss, learning rate and speed since the last time."""
        if logs and "loss" in logs:
            speed = logs.get("interval_samples_per_second")
            self._say(Logged(state.global_step, logs["loss"], logs["learning_rate"], speed))

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict[str, float], **_: Any) -> None:
        """Report the dev metric."""
        self._say(Evaluated(state.global_step, round(state.epoch, 3), self._metric, metrics[SCORE]))
