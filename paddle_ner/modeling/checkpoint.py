"""A checkpoint's ``config.json`` and ``model.safetensors``: written and read back, never a pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from paddle_ner.bundle import ENCODER_CONFIG, WEIGHTS
from paddle_ner.errors import BundleError, InputError, ResourceError
from paddle_ner.modeling.build import Head, new_model, transformers
from paddle_ner.modeling.weights import read_safetensors

if TYPE_CHECKING:
    from paddlenlp.transformers import PretrainedModel


def save_checkpoint_weights(model: PretrainedModel, folder: str | Path) -> None:
    """Write config.json and model.safetensors (float32, PaddleNLP's layout) into `folder`, making it if need be.

    Plain PaddleNLP reads the folder too: ``AutoModelForTokenClassification.from_pretrained(folder)``.

    Raises:
        ResourceError: the disk is full or cannot be written.
    """
    import safetensors
    import safetensors.numpy

    folder = Path(folder)
    model.config.architectures = [type(model).__name__]
    tensors = {name: parameter.astype("float32").numpy() for name, parameter in model.named_parameters()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        model.config.save_pretrained(str(folder))
        # PaddleNLP 2.8.1 reads the format "np" and refuses "pd".
        safetensors.numpy.save_file(tensors, str(folder / WEIGHTS), metadata={"format": "np"})
    except (OSError, safetensors.SafetensorError) as error:
        raise ResourceError(f"{folder}: cannot write the checkpoint: {error}") from error


def load_checkpoint_model(folder: str | Path, head: Head, num_outputs: int) -> PretrainedModel:
    """The model that `save_checkpoint_weights` wrote, every weight of it verified by name and shape.

    Raises:
        BundleError: a file is missing or damaged, or does not fit the head; the message names it.
    """
    folder = Path(folder)
    config_path, weights_path = folder / ENCODER_CONFIG, folder / WEIGHTS
    for path in (config_path, weights_path):
        if not path.is_file():
            raise BundleError(f"{path}: no such file, a checkpoint needs it")
    try:
        record = json.loads(config_path.read_text("utf-8"))
        (architecture,) = record["architectures"]
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{config_path}: not the config of a checkpoint: {error}") from error
    nlp = transformers()
    model_class = getattr(nlp, str(architecture), None)
    if model_class is None:
        raise BundleError(f"{config_path}: PaddleNLP has no model {architecture}")
    config = model_class.config_class.from_pretrained(str(folder))
    if config.num_labels != num_outputs:
        raise BundleError(f"{config_path}: its head has {config.num_labels} outputs, but the labels make {num_outputs}")
    try:
        model = new_model(head, num_outputs, config)
        tensors = read_safetensors(weights_path)
    except InputError as error:
        raise BundleError(str(error) if str(weights_path) in str(error) else f"{config_path}: {error}") from error
    if type(model) is not model_class:
        raise BundleError(f"{config_path}: it is a {architecture}, but the task needs a {type(model).__name__}")
    parameters = dict(model.named_parameters())
    for name in sorted(set(parameters) ^ set(tensors)):
        raise BundleError(f"{weights_path}: the weight {name} is {'missing' if name in parameters else 'unexpected'}")
    for name, parameter in parameters.items():
        if list(parameter.shape) != list(tensors[name].shape):
            raise BundleError(
                f"{weights_path}: {name} has the shape {list(tensors[name].shape)},"
                f" but config.json makes it {list(parameter.shape)}"
            )
        parameter.set_value(tensors[name])
    return model
