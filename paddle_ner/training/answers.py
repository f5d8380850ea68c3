"""A teacher's answers for every window, computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_ner.errors import InputError
from paddle_ner.inference.planning import pad, plan
from paddle_ner.inference.predictor import BATCH_TOKENS
from paddle_ner.training.batches import Features
from paddle_ner.training.kept import kept
from paddle_ner.training.state import ANSWERS
from paddle_ner.training.teacher import Teacher


def answered(
    features: Sequence[Features],
    teacher: Teacher,
    size: int,
    output: Path,
    *,
    stop: Callable[[], bool],
    log: Callable[[str], None],
) -> list[Features]:
    """The features with the teacher's answers, each computed once, as float16.

    Args:
        features: the features of the student's training.
        teacher: the model that answers.
        size: the size of the longest window, in tokens.
        output: the run's folder; the answers are in ``teacher/`` there.
        stop: asked regularly whether to end.
        log: called with lines about the progress.

    Raises:
        InputError: the teacher has fewer positions than the window.
        InterruptedRun: `stop` said so; the answers so far are kept.
    """
    model = teacher.checkpoint.model
    positions = int(model.config.max_position_embeddings)
    if size > positions:
        raise InputError(f"window.size is {size}, but teacher {teacher.checkpoint.folder} has {positions} positions")
    answers = kept(
        features,
        output / ANSWERS / _fingerprint(features, teacher),
        lambda block: _answers(block, teacher, size),
        lambda window: window.place.stop - window.place.start,
        done="the teacher has answered",
        stop=stop,
        log=log,
    )
    return [replace(window, answers=answer) for window, answer in zip(features, answers, strict=True)]


def _answers(features: Sequence[Features], teacher: Teacher, size: int) -> NDArray[np.float16]:
    """The teacher's logits, [positions of all windows, outputs]."""
    from paddle_ner.inference.engines.dynamic import DynamicEngine

    engine, task = DynamicEngine(teacher.checkpoint.model), teacher.checkpoint.task
    answers: list[NDArray[np.float16]] = [np.empty((0, task.num_outputs), dtype=np.float16)] * len(features)
    for batch in plan([len(window.ids) for window in features], BATCH_TOKENS):
        outputs = engine.run(pad([features[index].ids for index in batch], teacher.checkpoint.tokenizer.pad_id, size))
        for index, values in zip(batch, outputs["logits"], strict=True):
            answers[index] = np.atleast_2d(values)[features[index].place].astype(np.float16)
    return np.concatenate(answers)


def _fingerprint(features: Sequence[Features], teacher: Teacher) -> str:
    """The fingerprint of the windows and of the teacher."""
    digest = hashlib.sha256(teacher.sha256.encode())
    for window in features:
        digest.update(window.ids.tobytes())
        digest.update(f"{window.place.start}:{window.place.stop};".encode())
    return digest.hexdigest()[:16]
