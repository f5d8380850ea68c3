"""A first config for labelled files: what they say is filled in, the rest has usual values with their reasons."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from paddle_ner import tasks
from paddle_ner.config.models import NO_PIECES, STARTER_WORDS, TrainingConfig, unit_of
from paddle_ner.config.templates import FREEZE, TEMPLATE, UNITS, flow, model_section
from paddle_ner.config.workload import STARTER, STARTER_LARGE, Workload, encoder_of, from_scratch, workload_of
from paddle_ner.data import Policy, ReadOptions, detect, load
from paddle_ner.data.checking import check_cut, check_file, warnings
from paddle_ner.data.statistics import Statistics
from paddle_ner.errors import InputError
from paddle_ner.files import whole_file
from paddle_ner.types import Example

_BATCH_SIZE = 32
_EPOCHS = (3, 40)
_WORDS_EPOCHS = (3, 8)
_PRETRAINED_EPOCHS = 5
# What an encoder needs at least to learn a task: a small one with random weights, one that read single characters
# before, and one that did not, so that it learns slowly at first. The one that reads words needs few passes.
_UPDATES = {None: 2000, STARTER: 1500, STARTER_LARGE: 3000, STARTER_WORDS: 3000}
_LEARNING_RATES = {None: "1.0e-3", STARTER: "2.0e-4", STARTER_LARGE: "1.5e-4", STARTER_WORDS: "2.0e-4"}
_PRETRAINED_RATE = "5.0e-5"
_WINDOW = (32, 512)

_DEFAULTS = ReadOptions()
DEV_FRACTION = 0.1  # of train, if no file is named


@dataclass(frozen=True, slots=True)
class Sources:
    """The labelled files of a config and how they are read.

    Attributes:
        train: training data.
        dev: data that choose the checkpoint; None cuts them from train.
        test: data that `evaluate` takes by default.
        format: the format of all files; None lets the content of each decide.
        options: how to read all of them.
        policy: what to do with a bad record.
    """

    train: Path
    dev: Path | None = None
    test: Path | None = None
    format: str | None = None
    options: ReadOptions = _DEFAULTS
    policy: Policy = "report"

    def read(self, path: Path, log: Callable[[str], None]) -> list[Example]:
        """All examples of one of the files."""
        return load(path, self.format, options=self.options, policy=self.policy, log=log)

    def entry(self, path: Path) -> str:
        """The file as an entry of a config."""
        format = self.format or detect(path, self.options.encoding).name
        record: dict[str, Any] = {"path": str(path), "format": format}
        if options := self.options.model_dump(mode="json", exclude_defaults=True):
            record["options"] = options
        return flow(record)


@dataclass(frozen=True, slots=True)
class Draft:
    """What `write_config` found in the files.

    Attributes:
        task: a name of `tasks.TASKS`.
        warnings: what to look at in the data, one line each.
        workload: the workload of the training; None if the size of the encoder is not known.
    """

    task: str
    warnings: tuple[str, ...]
    workload: Workload | None


def write_config(
    sources: Sources, target: Path, *, task: str | None = None, name: str | None = None, pretrained: str | None = None
) -> Draft:
    """Read the files and write a commented config.

    Args:
        sources: the labelled files.
        target: YAML file to write.
        task: a name of `tasks.TASKS`; None takes the task of the annotations.
        name: the name of the model; None takes the name of the training file.
        pretrained: name or folder of the encoder to start from; None starts from random weights, ``starter`` from the
            encoder of this package, ``starter-large`` and ``starter-words`` from that of an extra.

    Raises:
        DataError: bad records in one of the files.
        InputError: a file is missing, the annotations are of no task or not of `task`, dev or test have a label that
            train has not, the encoder cannot learn the task, or the target cannot be written.
    """
    said: list[str] = []
    train = sources.read(sources.train, said.append)
    labels = tasks.labels_of(train)
    others = {path: sources.read(path, said.append) for path in (sources.dev, sources.test) if path is not None}
    # Such entities are refused when the data are read, unless an option keeps them.
    overlapping = any(map(_overlaps, chain(train, *others.values())))
    chosen = _task_of(train, labels, sources.train, task, overlapping)
    if chosen == "ner" and pretrained == STARTER_WORDS:
        raise InputError(NO_PIECES.format(STARTER_WORDS))
    statistics = Statistics()
    for example in train:
        statistics.add(example)
    _compare(train, labels, sources.train, chosen, overlapping)
    for path, examples in others.items():
        _compare(examples, labels, path, chosen, overlapping)
    warnings = (*said, *_warnings(sources, train, others))
    epochs = _PRETRAINED_EPOCHS
    if pretrained in _UPDATES:
        low, high = _WORDS_EPOCHS if pretrained == STARTER_WORDS else _EPOCHS
        epochs = min(high, max(low, -(-_UPDATES[pretrained] * _BATCH_SIZE // len(train))))
    longest = statistics.percentile(99)
    unit = unit_of(chosen)
    window = min(_WINDOW[1], max(_WINDOW[0], -(-(longest + 2) // 16) * 16))
    text = TEMPLATE.format(
        file=target,
        name=name or re.sub(r"[^A-Za-z0-9._-]+", "-", sources.train.stem).strip("-._") or "model",
        examples=len(train),
        median=statistics.percentile(50),
        longest=longest,
        task=chosen,
        counts="\n".join(_counts({**statistics.entities, **statistics.labels})),
        labels=flow(list(labels)),
        files="\n".join(_files(sources)),
        skip_bad="\n  skip_bad: true" if sources.policy == "skip" else "",
        unit=unit,
        unit_means=UNITS[unit],
        window=window,
        overlap=window // 4,
        epochs=epochs,
        updates=round(-(-epochs * len(train) // _BATCH_SIZE), -2) or 100,
        batch_size=_BATCH_SIZE,
        model=model_section(pretrained, overlapping=overlapping),
        learning_rate=_LEARNING_RATES.get(pretrained, _PRETRAINED_RATE),
        freeze=FREEZE if pretrained == STARTER_WORDS else "",
        patience=5 if pretrained is None else 3,
    )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from error
    with whole_file(target) as temporary:
        temporary.write_text(text, encoding="utf-8")
    encoder = from_scratch(train) if pretrained is None else encoder_of(pretrained)
    workload = None if encoder is None else workload_of(encoder, statistics, window, unit, _BATCH_SIZE, epochs)
    return Draft(chosen, warnings, workload)


def _warnings(sources: Sources, train: list[Example], others: Mapping[Path, list[Example]]) -> tuple[str, ...]:
    """What `data check` says about the files; about the two parts if dev is to be cut from train."""
    if sources.dev is None and len({example.text for example in train}) > 1:
        files = check_cut(sources.train, train, DEV_FRACTION, TrainingConfig().seed)
    else:
        files = [check_file(sources.train, train)]
    training = files[0]
    files += [check_file(path, examples) for path, examples in others.items()]
    return tuple(warnings(files, training))


def _overlaps(example: Example) -> bool:
    """Whether entities of an example, in order of their start, overlap."""
    return any(entity.end > following.start for entity, following in pairwise(example.entities or ()))


def _task_of(
    examples: list[Example], labels: tuple[str, ...], path: Path, wanted: str | None, overlapping: bool
) -> str:
    """The first task that accepts the first example, or the task that was asked for if it does.

    Only one task learns entities, so its objection is the one to report.
    """
    objections = []
    candidates = tasks.TASKS if examples[0].entities is None else ("ner",)
    for name in candidates if wanted is None else (wanted,):
        objection = tasks.create(name, labels, overlapping=overlapping).scoring.problem(examples[0])
        if objection is None:
            return name
        objections.append(f"{name}: {objection}")
    raise InputError(
        f"{examples[0].origin or path}: annotated for no task that can be trained: {'; '.join(objections)}"
    )


def _compare(examples: list[Example], labels: tuple[str, ...], path: Path, task: str, overlapping: bool) -> None:
    judge = tasks.create(task, labels, overlapping=overlapping).scoring
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
        lines.append(f"  dev_fraction: {DEV_FRACTION}  # cut from train by label, to choose the best checkpoint by")
    if sources.test is not None:
        lines.append(f"  test: {sources.entry(sources.test)}")
    return lines
