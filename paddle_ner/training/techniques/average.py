"""An average of the weights over the updates: what is scored and kept in place of the last weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import paddle
import paddle.distributed as dist
from numpy.typing import NDArray
from paddlenlp.trainer import TrainerCallback


class Average(TrainerCallback):  # type: ignore[misc]
    """An exponential moving average of a model's weights; it follows each update.

    Update t moves it to d · average + (1 - d) · weights with d = min(`decay`, (1 + t) / (10 + t)), as TensorFlow's
    ExponentialMovingAverage has it: in a short training too, the first weights are soon forgotten.

    Args:
        model: in training.
        decay: share of the average that an update leaves.
    """

    def __init__(self, model: Any, decay: float) -> None:
        self._model, self._decay = model, decay
        self._values: dict[str, Any] | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start with the weights of the model, if `load` has not set those of a state."""
        if self._values is None:
            self._values = {name: value.detach().clone() for name, value in self._model.state_dict().items()}

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Include the weights of another update."""
        assert self._values is not None
        kept = min(self._decay, (1 + state.global_step) / (10 + state.global_step))
        with paddle.no_grad():
            for name, value in self._model.state_dict().items():
                average = self._values[name]
                average.set_value(average * kept + value * (1 - kept) if value.is_floating_point() else value)

    def weights(self) -> dict[str, NDArray[Any]]:
        """The average, named as the model's weights."""
        assert self._values is not None
        return {name: value.numpy() for name, value in self._values.items()}

    def load(self, weights: Mapping[str, NDArray[Any]] | None, processes: int) -> None:
        """Continue from the average of a state.

        Args:
            weights: as `weights` gave them; the other processes give None, and get them from the first one.
            processes: that train.
        """
        state = self._model.state_dict()
        self._values = {
            name: value.detach().clone() if weights is None else paddle.to_tensor(weights[name])
            for name, value in state.items()
        }
        if processes > 1:
            for value in self._values.values():
                dist.broadcast(value, src=0)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The model with the average as its weights; afterwards it has its own again, bit for bit."""
        assert self._values is not None
        own = {name: value.detach().clone() for name, value in self._model.state_dict().items()}
        put(self._model, self._values)
        try:
            yield
        finally:
            put(self._model, own)


def put(model: Any, values: Mapping[str, Any]) -> None:
    """Copy `values` into the weights of `model`, by name."""
    with paddle.no_grad():
        for name, value in model.state_dict().items():
            value.set_value(values[name])
