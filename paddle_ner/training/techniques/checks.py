"""Which techniques go with which training: checked before the training starts, without a framework."""

from __future__ import annotations

from paddle_ner.config import Config
from paddle_ner.errors import InputError
from paddle_ner.modeling.heads import Head
from paddle_ner.tasks.crf import TRANSITIONS


def check(config: Config, head: Head) -> None:
    """Raise InputError if a technique that `config.training` names does not go with the rest of the config.

    Args:
        config: the config of the training.
        head: the head of its model.
    """
    asked = {name for name, value in config.training.model_dump().items() if value is not None}
    if "r_drop" in asked and head.answers == "span":
        raise InputError(f"training.r_drop: does not go with model.head {head.name}: leave it out")
    for name in sorted(asked & {"class_weights", "focal"}):
        if head.answers == "span" or TRANSITIONS in head.outputs:
            raise InputError(
                f"training.{name}: is for heads that score each tag or class by itself, and {head.name} does not: leave"
                " it out"
            )
        if config.distillation is not None and config.distillation.weight == 1:
            raise InputError(f"training.{name}: is for labels, which distillation.weight 1 leaves out: lower it")
    if frozen := config.training.freeze:
        if config.training.recompute or "adversarial" in asked:
            name = "recompute" if config.training.recompute else "adversarial"
            raise InputError(
                f"training.{name}: needs the gradients of what training.freeze keeps: leave one of them out"
            )
        if frozen == "encoder" and "layer_decay" in asked:
            raise InputError(
                "training.layer_decay: with training.freeze encoder no layer learns: leave one of them out"
            )
        if not begins_trained(config):
            raise InputError(
                "training.freeze: is for an encoder that begins with trained weights, and this one begins with random"
                " ones: leave it out, or name weights with model.pretrained"
            )
    if "layer_decay" in asked and not begins_trained(config):
        raise InputError(
            "training.layer_decay: is for an encoder that begins with trained weights, and this one begins with random"
            " ones: leave it out, or name weights with model.pretrained"
        )


def begins_trained(config: Config) -> bool:
    """Whether the encoder begins with trained weights."""
    if config.distillation is not None:
        return config.distillation.start != "random"
    return config.model.pretrained is not None
