"""The labelled data of a recipe: read, checked against the task, cut into train and dev."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from paddle_ner import data, tasks
from paddle_ner.config import Config, DataConfig, FileConfig
from paddle_ner.errors import DataError, InputError, Problem
from paddle_ner.tasks import Task
from paddle_ner.types import Example


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a training learns from and is judged by.

    Attributes:
        train: examples to learn from.
        dev: examples that choose the checkpoint.
        task: with its label space.
    """

    train: list[Example]
    dev: list[Example]
    task: Task


def read_corpus(config: Config, log: Callable[[str], None] = lambda _: None) -> Corpus:
    """Read train and dev, and build the task.

    Raises:
        DataError: bad records, as ``path:line``.
        InputError: a file is missing or empty, or the labels are too few.
    """
    train = read_file(config.data, config.data.train, log)
    if config.data.dev is not None:
        dev = read_file(config.data, config.data.dev, log)
    else:
        order = np.random.default_rng(config.training.seed).permutation(len(train))
        size = max(1, round(len(train) * config.data.dev_fraction))
        held = set(order[:size].tolist())
        dev = [train[index] for index in sorted(held)]
        train = [example for index, example in enumerate(train) if index not in held]
        if not train:
            raise InputError(f"{config.data.train.path}: too few examples to cut a dev set from; name data.dev")
    labels = config.task.labels if config.task.labels is not None else tasks.labels_of(train)
    task = tasks.create(config.task.type, labels, tag_scheme=config.task.tag_scheme, threshold=config.task.threshold)
    check(train, task)
    check(dev, task)
    return Corpus(train, dev, task)


def read_file(files: DataConfig, file: FileConfig, log: Callable[[str], None] = lambda _: None) -> list[Example]:
    """All examples of one file of a recipe. Raises as `read_corpus` does."""
    path = files.resolve(file.path)
    policy: data.Policy = "skip" if files.skip_bad else "report"
    options = file.options
    if options.label_file is not None:
        options = options.model_copy(update={"label_file": files.resolve(str(options.label_file))})
    examples = data.load(path, file.format, options=options, policy=policy, log=log)
    if not examples:
        raise InputError(f"{path}: no examples in it")
    return examples


def read_texts(config: Config, log: Callable[[str], None] = lambda _: None) -> list[str]:
    """The texts without labels that the student of a recipe learns from too. Raises as `read_corpus` does."""
    distillation = config.distillation
    if distillation is None:
        return []
    texts = [example.text for file in distillation.texts for example in read_file(config.data, file, log)]
    if distillation.max_texts is None or len(texts) <= distillation.max_texts:
        return texts
    drawn = np.random.default_rng(config.training.seed).permutation(len(texts))[: distillation.max_texts]
    return [texts[index] for index in sorted(drawn.tolist())]


def check(examples: list[Example], task: Task) -> None:
    """Raise DataError where the task cannot use an example."""
    problems = []
    for example in examples:
        if message := task.problem(example):
            path, _, line = example.origin.rpartition(":")
            problems.append(Problem(path or "example", int(line) if line.isdigit() else 0, message))
    if problems:
        raise DataError(problems)
