"""The teacher of a distillation, opened and checked against the config. Nothing here needs a framework."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddle_ner import bundle
from paddle_ner.bundle import WEIGHTS
from paddle_ner.config import Config, parse
from paddle_ner.errors import InputError
from paddle_ner.files import sha256
from paddle_ner.modeling import Checkpoint, head_for
from paddle_ner.tasks import Task
from paddle_ner.tasks.crf import TRANSITIONS
from paddle_ner.tasks.entity_learning import NO_TEACHER

_OF_ENCODER = ("layer_decay", "freeze")  # techniques that depend on the encoder from which a training started


@dataclass(frozen=True, slots=True)
class Teacher:
    """A checkpoint to learn from.

    Attributes:
        checkpoint: opened; its tokenizer is the student's too.
        sha256: of its weights.
    """

    checkpoint: Checkpoint
    sha256: str


def find_teacher(config: Config, task: Task) -> Teacher:
    """The teacher that the config names, its files verified, its weights not yet loaded.

    Raises:
        InputError: it is no checkpoint, was trained for another task, or is not the one that the config's hash says.
        BundleError: a file of it is missing or damaged.
    """
    settings = config.distillation
    assert settings is not None
    folder = Path(settings.teacher)
    if not bundle.is_checkpoint(folder):
        raise InputError(f"distillation.teacher: {folder} is no checkpoint of paddle-ner; train the teacher first")
    checkpoint = Checkpoint.open(folder)
    if checkpoint.task.decoding.overlapping or task.decoding.overlapping:
        raise InputError(NO_TEACHER)
    if checkpoint.task != task:
        raise InputError(
            f"distillation.teacher: {folder} answers for {checkpoint.task.spec()}, but the student is to learn"
            f" {task.spec()}: task, labels and their order must be the same"
        )
    _check_heads(config, checkpoint)
    weights = folder / WEIGHTS
    digest = sha256(weights)
    if settings.teacher_sha256 not in (None, digest):
        raise InputError(
            f"distillation.teacher: {weights} is not the teacher that this config names: its sha256 is {digest[:12]}…,"
            f" not {str(settings.teacher_sha256)[:12]}…; put that one back, or begin anew with another output"
        )
    return Teacher(checkpoint, digest)


def _check_heads(config: Config, teacher: Checkpoint) -> None:
    """Raise InputError if the student's head cannot learn from what the teacher's gives."""
    settings = config.distillation
    assert settings is not None
    student = teacher.head
    if settings.start == "random":
        student = head_for(teacher.task, config.model.head)
    elif settings.start != "teacher" and bundle.is_checkpoint(Path(settings.start)):
        student = Checkpoint.open(settings.start).head
    has_transitions = TRANSITIONS in student.outputs
    if has_transitions != (TRANSITIONS in teacher.head.outputs):
        raise InputError(
            f"model.head: the student's is {student.name} and its teacher's {teacher.head.name}, but the scores of a"
            " CRF mean another thing than those of single tokens: take the same head for both"
        )
    if has_transitions and settings.weight == 1:
        raise InputError(
            f"distillation.weight: is 1, but the transitions of head {student.name} are learned from labels alone:"
            " give them a share, such as --set distillation.weight=0.8"
        )


def student_config(
    record: dict[str, Any] | None,
    origin: str,
    teacher: Path | None,
    *,
    layers: Sequence[int] = (),
    start: Path | None = None,
    texts: Sequence[Path] = (),
    max_texts: int | None = None,
    overrides: Sequence[str] = (),
) -> Config:
    """A config with a distillation, from a config and the options beside it.

    Args:
        record: the config as plain data; None takes the teacher's own, without its encoder and how that learned.
        origin: the config's file, for errors.
        teacher: replaces the config's.
        layers: the layers of the teacher, to begin with.
        start: checkpoint to begin with.
        texts: files of plain text, beside the config's.
        max_texts: replaces the config's.
        overrides: ``key.path=value``, applied last.

    Raises:
        InputError: no teacher is named, the config is wrong, or the options exclude each other.
    """
    if layers and start is not None:
        raise InputError("--layers and --start exclude each other: the student begins with one of them")
    if record is None:
        if teacher is None:
            raise InputError("nothing to distill: give a CONFIG that names a teacher, or --teacher CHECKPOINT")
        manifest = bundle.read_checkpoint_manifest(teacher)
        origin = f"config of {teacher}"
        training = {**manifest.config.get("training", {}), **dict.fromkeys(_OF_ENCODER)}
        changed = {"name": f"{manifest.name}-student", "model": {}, "training": training, "distillation": {}}
        record = {**manifest.config, **changed}
    given = record.get("distillation") or {}
    if not isinstance(given, dict):
        raise InputError(f"{origin}: distillation: expected a section, such as one with teacher: CHECKPOINT")
    settings: dict[str, Any] = dict(given)
    if teacher is not None:
        settings.update(teacher=str(teacher), teacher_sha256=None)
    if layers:
        settings.update(start="teacher", layers=list(layers))
    if start is not None:
        settings.update(start=str(start), layers=[])
    if texts:
        named = [{"path": str(path.absolute()), "format": "text"} for path in texts]
        settings["texts"] = [*(settings.get("texts") or []), *named]
    if max_texts is not None:
        settings["max_texts"] = max_texts
    config = parse({**record, "distillation": settings or None}, origin, overrides)
    if config.distillation is None:
        raise InputError(f"{origin}: names no teacher: add distillation.teacher, or give --teacher CHECKPOINT")
    return config


def pin(config: Config, task: Task) -> Config:
    """The config with the place and the hash of its teacher spelled out; as it is if it has none."""
    if config.distillation is None:
        return config
    teacher = find_teacher(config, task)
    settings = config.distillation.model_copy(
        update={"teacher": str(teacher.checkpoint.folder.resolve()), "teacher_sha256": teacher.sha256}
    )
    return config.model_copy(update={"distillation": settings})
