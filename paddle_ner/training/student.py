"""What a student starts with: random weights, layers of its teacher, or a checkpoint such as a pruned one."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner import bundle, modeling
from paddle_ner.config import Config
from paddle_ner.errors import InputError
from paddle_ner.modeling import Checkpoint
from paddle_ner.modeling.build import new_model
from paddle_ner.tasks import Task

_LAYER = re.compile(r"(.*\.encoder\.layers\.)(\d+)(\..*)")
# Fields in which a student may differ from the teacher of its layers: no weight depends on the last two.
_FREE = {"intermediate_size", "hidden_dropout_prob", "attention_probs_dropout_prob"}


def build_student(config: Config, task: Task, teacher: Checkpoint) -> Any:
    """The student's model before its training, over the teacher's vocabulary.

    Args:
        config: with a distillation.
        task: the task of both models.
        teacher: the checkpoint that it learns from.

    Raises:
        InputError: `distillation.start` and `model.encoder` do not fit each other or the teacher.
    """
    import paddle

    settings = config.distillation
    assert settings is not None
    paddle.seed(config.training.seed)
    encoder = config.model.encoder
    if config.model.pretrained is not None:
        raise InputError(
            "model.pretrained: a student has its teacher's vocabulary: give model.encoder, or distillation.start"
        )
    if settings.start == "random":
        if not encoder:
            raise InputError("model.encoder: is empty: say how large the student is, or set distillation.start")
        student = modeling.build(
            modeling.head_for(task, config.model.head),
            task.num_outputs,
            config={"max_position_embeddings": config.window.size, **encoder},
            vocab_size=teacher.tokenizer.vocabulary_size,
            pad_token_id=teacher.tokenizer.pad_id,
        )
    elif settings.start == "teacher":
        student = _from_layers(task, teacher.model, settings.layers, encoder)
    else:
        if encoder:
            raise InputError("model.encoder: a student that starts from a checkpoint has the checkpoint's encoder")
        student = _from_checkpoint(Path(settings.start), task, teacher)
    if config.model.head not in (None, student.head.name):
        raise InputError(
            f"model.head: is {config.model.head}, but a student that starts from weights has their head,"
            f" {student.head.name}"
        )
    positions = int(student.config.max_position_embeddings)
    if config.window.size > positions:
        raise InputError(f"window.size is {config.window.size}, but the student has {positions} positions")
    return student


def _from_checkpoint(folder: Path, task: Task, teacher: Checkpoint) -> Any:
    if not bundle.is_checkpoint(folder):
        raise InputError(f"distillation.start: {folder} is no checkpoint; expected one, or random, or teacher")
    checkpoint = Checkpoint.open(folder)
    if checkpoint.task != task:
        raise InputError(f"distillation.start: {folder} is of another task or other labels than its teacher")
    if checkpoint.tokenizer != teacher.tokenizer:
        raise InputError(
            f"distillation.start: {folder} has another vocabulary than its teacher {teacher.folder}; cut both, or none"
        )
    return checkpoint.new_model()


def _from_layers(task: Task, teacher: Any, layers: tuple[int, ...], encoder: dict[str, Any]) -> Any:
    """The teacher's embeddings, pooler and head, with some of its layers, their feed-forward parts cut if wanted."""
    count = int(teacher.config.num_hidden_layers)
    if max(layers) >= count:
        raise InputError(f"distillation.layers: the teacher has layers 0 to {count - 1}, not {max(layers)}")
    wanted = {**encoder, "num_hidden_layers": encoder.get("num_hidden_layers", len(layers))}
    if wanted["num_hidden_layers"] != len(layers):
        raise InputError(f"model.encoder: num_hidden_layers is {wanted['num_hidden_layers']}, but layers are {layers}")
    config = copy.deepcopy(teacher.config)
    config.num_hidden_layers = len(layers)
    for field, value in encoder.items():
        if field in _FREE:
            setattr(config, field, value)
        elif field != "num_hidden_layers" and value != getattr(config, field, None):
            raise InputError(
                f"model.encoder: {field} is {value}, but the teacher that the layers come from has"
                f" {getattr(config, field, None)}; only {', '.join(sorted(_FREE))} may differ"
            )
    if config.intermediate_size > teacher.config.intermediate_size:
        raise InputError(
            f"model.encoder: intermediate_size is {config.intermediate_size}, more than the teacher's"
            f" {teacher.config.intermediate_size}"
        )
    student = new_model(teacher.head, task.num_outputs, config)
    weights = {name: parameter.numpy() for name, parameter in teacher.named_parameters()}
    for name, parameter in student.named_parameters():
        match = _LAYER.fullmatch(name)
        if match is None:
            parameter.set_value(weights[name])
            continue
        prefix = f"{match[1]}{layers[int(match[2])]}"
        values = weights[prefix + match[3]]
        if list(parameter.shape) != list(values.shape):
            kept = _units(weights, prefix, config.intermediate_size)
            values = values[kept] if match[3] == ".linear2.weight" else values[..., kept]
        parameter.set_value(np.ascontiguousarray(values))
    return student


def _units(weights: dict[str, NDArray[Any]], layer: str, count: int) -> NDArray[np.int64]:
    """The feed-forward units of a layer with the largest weights, in their old order."""
    size = np.linalg.norm(weights[f"{layer}.linear1.weight"], axis=0)
    size = size * np.linalg.norm(weights[f"{layer}.linear2.weight"], axis=1)
    return np.sort(np.argsort(-size, kind="stable")[:count])
