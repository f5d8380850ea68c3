"""What a teacher answers on every window, asked once.

The answers are kept in the run's folder, as float16 in blocks of windows, so that an epoch costs no more than reading
them and a resumed run finds them again.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_ner.errors import InputError, InterruptedRun
from paddle_ner.inference.planning import pad, plan
from paddle_ner.inference.predictor import BATCH_TOKENS
from paddle_ner.training.batches import Features
from paddle_ner.training.state import ANSWERS
from paddle_ner.training.teacher import Teacher

BLOCK = 1024  # windows that are written together: some seconds of work, all that an interruption loses
_SPEAK = 10.0  # seconds between two words on the progress
_POLL = 0.2  # seconds between two looks for what the other processes write


def answered(
    features: Sequence[Features],
    teacher: Teacher,
    size: int,
    output: Path,
    *,
    stop: Callable[[], bool],
    log: Callable[[str], None],
) -> list[Features]:
    """The features with the teacher's answers, each asked for once. The processes of a machine share the work.

    Args:
        features: of the student's training.
        teacher: whom to ask.
        size: of the longest window, in tokens.
        output: the run's folder; the answers stand in ``teacher/`` there.
        stop: asked after each block whether to end.
        log: told of the progress.

    Raises:
        InputError: the teacher has fewer positions than the window.
        InterruptedRun: `stop` said so; the blocks that are written are kept.
    """
    model = teacher.checkpoint.model
    positions = int(model.config.max_position_embeddings)
    if size > positions:
        raise InputError(f"window.size is {size}, but teacher {teacher.checkpoint.folder} has {positions} positions")
    folder = output / ANSWERS / _fingerprint(features, teacher)
    folder.mkdir(parents=True, exist_ok=True)
    rank, world = int(os.environ.get("PADDLE_LOCAL_RANK", "0")), int(os.environ.get("PADDLE_LOCAL_SIZE", "1"))
    blocks = [features[start : start + BLOCK] for start in range(0, len(features), BLOCK)]
    files = [folder / f"answers-{index:05}.npy" for index in range(len(blocks))]
    spoken = time.monotonic()
    for index in range(rank, len(blocks), world):
        if not files[index].exists():
            _write(files[index], _answers(blocks[index], teacher, size))
        if stop():
            raise InterruptedRun("stopped while the teacher answered; --resume asks it what is left")
        if time.monotonic() - spoken > _SPEAK:
            spoken = time.monotonic()
            log(f"the teacher has answered {min((index + 1) * BLOCK, len(features)):,} of {len(features):,} windows")
    with_answers: list[Features] = []
    for block, file in zip(blocks, files, strict=True):
        while not file.exists():
            if stop():
                raise InterruptedRun("stopped while the teacher answered; --resume asks it what is left")
            time.sleep(_POLL)
        cuts = np.cumsum([window.place.stop - window.place.start for window in block])
        answers = np.split(np.load(file, mmap_mode="r", allow_pickle=False), cuts[:-1])
        with_answers.extend(replace(window, answers=answer) for window, answer in zip(block, answers, strict=True))
    return with_answers


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


def _write(file: Path, answers: NDArray[np.float16]) -> None:
    # A name of its own: several machines may share the disk, and do the same work.
    descriptor, temporary = tempfile.mkstemp(prefix=f".{file.stem}.", suffix=".new", dir=file.parent)
    with os.fdopen(descriptor, "wb") as stream:
        np.save(stream, answers, allow_pickle=False)
    Path(temporary).replace(file)


def _fingerprint(features: Sequence[Features], teacher: Teacher) -> str:
    """Of what is asked, and of whom."""
    digest = hashlib.sha256(teacher.sha256.encode())
    for window in features:
        digest.update(window.ids.tobytes())
        digest.update(f"{window.place.start}:{window.place.stop};".encode())
    return digest.hexdigest()[:16]
