"""The labelled data of a config: read, checked against the task, cut into train and dev."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from paddle_ner import data, tasks
from paddle_ner.bundle import Manifest
from paddle_ner.config import Config, FileConfig, parse
from paddle_ner.errors import DataError, InputError, Problem
from paddle_ner.modeling import takes_overlaps
from paddle_ner.tasks import Task
from paddle_ner.types import Example


@dataclass(frozen=True, slots=True)
class Corpus:
    """The data that a training learns from and is scored on.

    Attributes:
        train: examples to learn from.
        dev: examples by which the checkpoint is chosen.
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
    overlapping = takes_overlaps(config.model.head)
    if overlapping and config.task.tag_scheme != "BIO":
        raise InputError(f"task.tag_scheme: head {config.model.head} has no tags: leave it out")
    train = read_file(config, config.data.train, log)
    labels = config.task.labels if config.task.labels is not None else tasks.labels_of(train)
    if config.data.dev is not None:
        dev = read_file(config, config.data.dev, log)
    else:
        if len({example.text for example in train}) < 2:
            raise InputError(f"{config.data.train.path}: too few texts to cut a dev set from; name one with data.dev")
        fraction = config.data.dev_fraction
        train, dev = data.split(train, [1 - fraction, fraction], config.training.seed)
    task = tasks.create(
        config.task.type,
        labels,
        tag_scheme=config.task.tag_scheme,
        threshold=config.task.threshold,
        overlapping=overlapping,
    )
    check(train, task)
    check(dev, task)
    return Corpus(train, dev, task)


def read_file(config: Config, file: FileConfig, log: Callable[[str], None] = lambda _: None) -> list[Example]:
    """All examples of one file of a config; with overlapping entities if its head accepts them.

    Raises as `read_corpus` does.
    """
    files = config.data
    path = files.resolve(file.path)
    policy: data.Policy = "skip" if files.skip_bad else "report"
    options = file.options.keeping_overlaps() if takes_overlaps(config.model.head) else file.options
    if options.label_file is not None:
        options = options.model_copy(update={"label_file": files.resolve(str(options.label_file))})
    examples = data.load(path, file.format, options=options, policy=policy, log=log)
    if not examples:
        raise InputError(f"{path}: no examples in it")
    return examples


def read_texts(config: Config, log: Callable[[str], None] = lambda _: None) -> list[str]:
    """The texts without labels from which the student of a config also learns. Raises as `read_corpus` does."""
    distillation = config.distillation
    if distillation is None:
        return []
    texts = [example.text for file in distillation.texts for example in read_file(config, file, log)]
    if distillation.max_texts is None or len(texts) <= distillation.max_texts:
        return texts
    drawn = np.random.default_rng(config.training.seed).permutation(len(texts))[: distillation.max_texts]
    return [texts[index] for index in sorted(drawn.tolist())]


def check(examples: list[Example], task: Task) -> None:
    """Raise DataError if the task cannot use an example."""
    problems = []
    for example in examples:
        if message := task.scoring.problem(example):
            path, _, line = example.origin.rpartition(":")
            problems.append(Problem(path or "example", int(line) if line.isdigit() else 0, message))
    if problems:
        raise DataError(problems)


def config_of(model: Path, manifest: Manifest) -> Config:
    """The config that `model` was trained with.

    Raises InputError if its manifest holds none, or one whose data are in an unknown place.
    """
    if not manifest.config:
        raise InputError(f"{model}: its manifest holds no config; name a labelled FILE")
    config = parse(manifest.config, f"config of {model}")
    try:
        config.data.resolve("")
    except InputError:
        root = config.data.root
        raise InputError(
            f"{model}: does not come with its data, which lay in {root}: name a labelled FILE, or export"
            f" {root.lstrip('$').strip('{}')}=FOLDER where you have them"
        ) from None
    return config


def dev_examples(model: Path, manifest: Manifest, log: Callable[[str], None] = lambda _: None) -> list[Example]:
    """The dev set that `model` was chosen by. Raises InputError or DataError if it cannot be read."""
    return read_corpus(config_of(model, manifest), log).dev
