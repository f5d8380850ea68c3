"""A first recipe for labelled files: what they say is filled in, the rest is a usual value with its reason."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddle_ner import tasks
from paddle_ner.data import Policy, ReadOptions, detect, load
from paddle_ner.data.statistics import Statistics
from paddle_ner.errors import InputError
from paddle_ner.types import Example

_TEMPLATE = """\
# Written by paddle-ner init. Train: paddle-ner train {file} --output runs/{name}
# Training data: {examples:,} examples, {median} characters at the median, {longest} for all but one in a hundred.
name: {name}

task:
  type: {task}
  # In the order of the model's outputs; with their number in the training data:
{counts}
  labels: {labels}

data:
  root: .  # paths are relative to it, and it to where you start paddle-ner
{files}{skip_bad}

model:
  # The best that you can do for quality: start from a pretrained encoder (a name is fetched once, a local folder works
  # without the internet), delete `encoder` and `tokenizer`, and set learning_rate to 5.0e-5 and epochs to 5.
  # pretrained: ernie-3.0-medium-zh
  encoder:  # random weights: small enough for a CPU
    hidden_size: 256
    num_hidden_layers: 4
    num_attention_heads: 4
    intermediate_size: 1024
    hidden_act: relu
    hidden_dropout_prob: 0.1
    attention_probs_dropout_prob: 0.0

tokenizer:
  type: characters
  min_frequency: 2  # a character that occurs once is unknown, so that the model learns to meet unknown ones

window:  # longer texts are cut into overlapping windows, and put together again
  size: {window}
  overlap: {overlap}

training:
  epochs: {epochs}  # for about {updates:,} updates
  batch_size: {batch_size}
  learning_rate: 1.0e-3
  patience: 5  # stop when the score on dev has not risen so many times
"""

_BATCH_SIZE = 32
_UPDATES = 2000  # what a small encoder with random weights needs at least to learn a task
_EPOCHS = (3, 40)
_WINDOW = (32, 512)


_DEFAULTS = ReadOptions()


@dataclass(frozen=True, slots=True)
class Sources:
    """The labelled files of a recipe and how they are read.

    Attributes:
        train: training data.
        dev: data that choose the checkpoint; None cuts them from train.
        test: data that `evaluate` takes by default.
        format: of all of them; None lets the content of each decide.
        options: for all of them.
        policy: what a bad record does.
    """

    train: Path
    dev: Path | None = None
    test: Path | None = None
    format: str | None = None
    options: ReadOptions = _DEFAULTS
    policy: Policy = "report"

    def read(self, path: Path) -> list[Example]:
        """All examples of one of the files."""
        return load(path, self.format, options=self.options, policy=self.policy)

    def entry(self, path: Path) -> str:
        """The file as a recipe names it."""
        found = self.format or detect(path, self.options.encoding).name
        record: dict[str, Any] = {"path": str(path), "format": found}
        if options := self.options.model_dump(mode="json", exclude_defaults=True):
            record["options"] = options
        return _flow(record)


def write_recipe(sources: Sources, target: Path, *, task: str | None = None, name: str | None = None) -> str:
    """Read the files and write a commented recipe.

    Args:
        sources: the labelled files.
        target: YAML file to write.
        task: of `tasks.TASKS`; None takes the one that the annotations are of.
        name: of the model; None takes the name of the training file.

    Returns:
        The task.

    Raises:
        DataError: bad records in one of the files.
        InputError: a file is missing, the annotations are of no task or not of `task`, dev or test have a label that
            train has not, or the target cannot be written.
    """
    train = sources.read(sources.train)
    labels = tasks.labels_of(train)
    chosen = _task_of(train, labels, sources.train, task)
    statistics = Statistics()
    for example in train:
        statistics.add(example)
    for other in (sources.dev, sources.test):
        if other is not None:
            _compare(sources.read(other), labels, other, chosen)
    low, high = _EPOCHS
    epochs = min(high, max(low, -(-_UPDATES * _BATCH_SIZE // len(train))))
    longest = statistics.percentile(99)
    window = min(_WINDOW[1], max(_WINDOW[0], -(-(longest + 2) // 16) * 16))
    text = _TEMPLATE.format(
        file=target,
        name=name or re.sub(r"[^A-Za-z0-9._-]+", "-", sources.train.stem).strip("-._") or "model",
        examples=len(train),
        median=statistics.percentile(50),
        longest=longest,
        task=chosen,
        counts="\n".join(_counts({**statistics.entities, **statistics.labels})),
        labels=_flow(list(labels)),
        files="\n".join(_files(sources)),
        skip_bad="\n  skip_bad: true" if sources.policy == "skip" else "",
        window=window,
        overlap=window // 4,
        epochs=epochs,
        updates=round(-(-epochs * len(train) // _BATCH_SIZE), -2) or 100,
        batch_size=_BATCH_SIZE,
    )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from error
    return chosen


def _task_of(examples: list[Example], labels: tuple[str, ...], path: Path, wanted: str | None) -> str:
    """The first task that has no objection to the first example, or the one wanted if it has none."""
    objections = []
    for name in tasks.TASKS if wanted is None else (wanted,):
        objection = tasks.create(name, labels).problem(examples[0])
        if objection is None:
            return name
        objections.append(f"{name}: {objection}")
    raise InputError(
        f"{examples[0].origin or path}: annotated for no task that can be trained: {'; '.join(objections)}"
    )


def _compare(examples: list[Example], labels: tuple[str, ...], path: Path, task: str) -> None:
    judge = tasks.create(task, labels)
    for example in examples:
        if objection := judge.problem(example):
            raise InputError(f"{example.origin or path}: {objection}")


def _counts(counts: Mapping[str, int]) -> list[str]:
    """Comment lines of the labels and their numbers, the most frequent first."""
    lines, line = [], "  #"
    for label, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        piece = f" {label} {count:,},"
        if len(line) + len(piece) > 110:
            lines.append(line)
            line = "  #"
        line += piece
    return [*lines, line.rstrip(",")]


def _files(sources: Sources) -> list[str]:
    lines = [f"  train: {sources.entry(sources.train)}"]
    if sources.dev is not None:
        lines.append(f"  dev: {sources.entry(sources.dev)}")
    else:
        lines.append("  dev_fraction: 0.1  # cut from train at random, to choose the best checkpoint by")
    if sources.test is not None:
        lines.append(f"  test: {sources.entry(sources.test)}")
    return lines


def _flow(value: Any) -> str:
    """A value on one line: JSON, which is YAML too."""
    return json.dumps(value, ensure_ascii=False)
