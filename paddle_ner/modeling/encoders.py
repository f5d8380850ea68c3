"""PaddleNLP's encoders, and which of them a config means."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from paddle_ner.environment import require
from paddle_ner.errors import InputError

if TYPE_CHECKING:
    from paddlenlp.transformers import PretrainedConfig, PretrainedModel


@cache
def transformers() -> Any:
    """The module ``paddlenlp.transformers``, imported at the first call and told to log warnings only.

    Raises:
        MissingPackageError: PaddlePaddle or PaddleNLP is not installed.
    """
    require("paddle", "paddlenlp", needed_for="building a model")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import paddlenlp.transformers
        from paddlenlp.utils.log import logger
    logger.set_level("WARNING")
    return paddlenlp.transformers


@cache
def _encoders() -> dict[type[PretrainedConfig], type[PretrainedModel]]:
    """PaddleNLP's encoders by the class of their config; it registers each as the base of a family of models."""
    encoders: dict[type[PretrainedConfig], type[PretrainedModel]] = {}
    for value in vars(transformers()).values():
        if not isinstance(value, type):
            continue
        base: Any = getattr(value, "base_model_class", None)
        config: type[PretrainedConfig] | None = getattr(value, "config_class", None)
        if base is value and config is not None:
            encoders.setdefault(config, base)  # the first one is the base of the others
    return encoders


def encoder_of(config: PretrainedConfig) -> type[PretrainedModel]:
    """The encoder of a PaddleNLP config. Raises InputError if there is none."""
    try:
        return _encoders()[type(config)]
    except KeyError:
        raise InputError(f"PaddleNLP has no encoder for a {type(config).__name__}: choose ERNIE or BERT") from None


def encoder_named(record: Mapping[str, Any]) -> type[PretrainedModel]:
    """The encoder of a config.json: by the class that it names, with or without a head, otherwise by model_type.

    Raises:
        InputError: PaddleNLP has no such model.
    """
    architecture = record.get("init_class") or next(iter(record.get("architectures") or []), "")
    model = getattr(transformers(), str(architecture), None)
    if (named := getattr(model, "config_class", None)) in _encoders():
        return _encoders()[named]
    family = record.get("model_type")
    for config, encoder in _encoders().items():
        if family and config.model_type == family:
            return encoder
    raise InputError(f"PaddleNLP knows no model {architecture or family or '(no architectures and no model_type)'}")
