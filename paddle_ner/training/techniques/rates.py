"""Learning rates by parameter: lower from layer to layer of the encoder, and another rate for the head.

The factor of the schedule's rate is an attribute of each parameter, so that it is not part of a state.
"""

from __future__ import annotations

import re
from typing import Any

from paddle_ner.config import TrainingConfig
from paddle_ner.errors import InputError

_LAYER = re.compile(r"\.layers\.(\d+)\.")


def set_rates(model: Any, config: TrainingConfig) -> None:
    """Multiply the learning rate of each parameter of `model` with the factor that `config` has for it.

    Raises:
        InputError: the encoder's layers are not known.
    """
    if config.layer_decay is None and config.head_rate is None:
        return
    parameters = dict(model.named_parameters())
    for name, factor in factors(model, config).items():
        parameters[name].optimize_attr["learning_rate"] *= factor


def factors(model: Any, config: TrainingConfig) -> dict[str, float]:
    """The factor of each parameter by name.

    With a decay of d, the highest of n layers has 1, the lowest d^(n-1) and the embeddings d^n (Howard and Ruder 2018);
    what comes after the layers, such as a pooler, has 1.
    """
    decay, head = config.layer_decay or 1.0, config.head_rate or 1.0
    prefix = f"{getattr(model, 'base_model_prefix', '')}."
    names = [name for name, _ in model.named_parameters()]
    layers = {name: int(match[1]) for name in names if name.startswith(prefix) and (match := _LAYER.search(name))}
    if not layers and decay != 1:
        raise InputError("training.layer_decay: the encoder has no numbered layers: leave it out")
    count = max(layers.values(), default=-1) + 1

    def factor(name: str) -> float:
        if not name.startswith(prefix):
            return head
        if name.startswith(f"{prefix}embeddings."):
            return decay**count
        return decay ** (count - 1 - layers[name]) if name in layers else 1.0

    return {name: factor(name) for name in names}
