"""Which techniques go with which training: asked before anything is trained, without a framework."""

from __future__ import annotations

from paddle_ner.config import Config
from paddle_ner.errors import InputError
from paddle_ner.modeling.heads import takes_overlaps


def check(config: Config) -> None:
    """Raise InputError where a technique that `config.training` names does not go with the rest of the config."""
    if config.training.r_drop is not None and takes_overlaps(config.model.head):
        raise InputError(f"training.r_drop: does not go with model.head {config.model.head}: leave it out")
    if config.training.layer_decay is not None and not begins_trained(config):
        raise InputError(
            "training.layer_decay: is for an encoder that begins with trained weights, and this one begins with random"
            " ones: leave it out, or name weights with model.pretrained"
        )


def begins_trained(config: Config) -> bool:
    """Whether the encoder begins with trained weights."""
    if config.distillation is not None:
        return config.distillation.start != "random"
    return config.model.pretrained is not None
