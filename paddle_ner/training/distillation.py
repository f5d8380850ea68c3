"""A student that learns from a teacher's answers: what the worker trains, and on what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddle_ner.config import Config
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.modeling import structure
from paddle_ner.training import answers, batches, loss
from paddle_ner.training.batches import Row
from paddle_ner.training.callbacks import KeepZeros
from paddle_ner.training.corpus import Corpus, read_texts
from paddle_ner.training.student import build_student
from paddle_ner.training.teacher import find_teacher


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a student is trained with.

    Attributes:
        tokenizer: the teacher's.
        model: the student.
        rows: of labelled and other texts, with the teacher's answers.
        misaligned: annotations that do not fall on token boundaries.
        loss: what is minimized.
        callbacks: for the Trainer.
    """

    tokenizer: Tokenizer
    model: Any
    rows: list[Row]
    misaligned: int
    loss: loss.Loss
    callbacks: list[Any]


def prepare(
    recipe: Config, corpus: Corpus, output: Path, *, stop: Callable[[], bool], log: Callable[[str], None]
) -> Lesson:
    """Build the student and ask the teacher.

    Raises:
        InputError, BundleError: the recipe, the teacher or the student's beginning are wrong.
        DataError: bad records in the texts without labels.
        InterruptedRun: `stop` said so while the teacher answered.
    """
    settings = recipe.distillation
    assert settings is not None
    found = find_teacher(recipe, corpus.task)
    teacher_model = answers.load_model(found)
    model = build_student(recipe, corpus.task, found, teacher_model)
    size, overlap = recipe.window.size, recipe.window.overlap
    rows, misaligned = batches.encode(corpus.train, corpus.task, found.tokenizer, size, overlap)
    texts = read_texts(recipe, log)
    if texts:
        rows += batches.encode_texts(texts, corpus.task, found.tokenizer, size, overlap)
        log(f"{len(texts):,} texts without labels; {len(rows):,} rows in all")
    rows = answers.answered(rows, found, teacher_model, size, output, stop=stop, log=log)
    zeros = structure.masks(model)
    callbacks = [KeepZeros(zeros, model)] if zeros else []
    return Lesson(found.tokenizer, model, rows, misaligned, loss.of_teacher(corpus.task, settings), callbacks)
