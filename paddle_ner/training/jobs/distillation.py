"""Learning from a teacher's answers: a student, its texts with and without labels, and the loss between the two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from paddle_ner.config import Config, DistillationConfig
from paddle_ner.modeling import structure
from paddle_ner.tasks import Task
from paddle_ner.training import answers, batches
from paddle_ner.training.corpus import read_corpus, read_texts
from paddle_ner.training.jobs.base import Loss, Prepared, Run, Say
from paddle_ner.training.jobs.labelled import Encoded, check, encode, prepared, training_loss
from paddle_ner.training.run_folder import CHECKPOINT
from paddle_ner.training.student import build_student
from paddle_ner.training.teacher import find_teacher, pin


class Distillation:
    """A training on what a teacher answers (Hinton et al. 2015)."""

    result: ClassVar[str] = CHECKPOINT

    def check(self, config: Config, log: Say, warn: Say) -> Config:
        """Read the data and find the teacher; its place and its hash are filled in in the config."""
        return pin(config, check(config, log, warn).task)

    def prepare(self, run: Run) -> Prepared:
        """The windows of labelled and other texts with the teacher's answers, and the student."""
        from paddle_ner.training.callbacks import KeepZeros

        config = run.config
        assert isinstance(config, Config)
        assert config.distillation is not None
        corpus = read_corpus(config)
        run.log(f"{len(corpus.train):,} examples to train on, {len(corpus.dev):,} to choose by")
        task = corpus.task
        teacher = find_teacher(config, task)
        tokenizer = teacher.checkpoint.tokenizer
        model = build_student(config, task, teacher.checkpoint)
        features, misaligned = encode(config, corpus, tokenizer, run.log)
        texts = read_texts(config, run.log)
        if texts:
            features += batches.encode_texts(texts, task, tokenizer, config.window)
            run.log(f"{len(texts):,} texts without labels; {len(features):,} windows in all")
        features = answers.answered(features, teacher, config.window.size, run.output, stop=run.stop, log=run.log)
        zeros = structure.masks(model)
        encoded = Encoded(tokenizer, model, features, misaligned)
        callbacks = [KeepZeros(zeros, model)] if zeros else []
        loss = teacher_loss(task, config.distillation, training_loss(task, config.training, features))
        return prepared(run, config, corpus, encoded, loss, callbacks)


def teacher_loss(task: Task, config: DistillationConfig, of_labels: Loss) -> Loss:
    """The teacher's answers and, if there are labels, the labels: see `DistillationConfig`."""

    def loss(outputs: Mapping[str, Any], batch: Mapping[str, Any]) -> Any:
        soft = task.learning.soft_loss_sum(outputs, batch["answers"], batch["counted"], config.temperature)
        if config.weight == 1:
            return soft
        return config.weight * soft + (1 - config.weight) * of_labels(outputs, batch)

    return loss
