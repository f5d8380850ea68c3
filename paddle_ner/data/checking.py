"""Checking labelled files before a training: bad records, and what is right record by record but wrong as a whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from unicodedata import normalize

from paddle_ner.data.overlaps import do_overlap
from paddle_ner.data.reading import Policy
from paddle_ner.data.records import Rejected
from paddle_ner.data.splitting import split
from paddle_ner.data.statistics import Statistics
from paddle_ner.errors import Problem
from paddle_ner.types import Example

FEW_EXAMPLES = 100  # with fewer in the training data a warning is given
FEW_OF_A_LABEL = 10  # the same for one class or entity type
_SHOWN = 10  # labels that a warning lists
_ABSENT = frozenset({"nan", "none", "null", "na", "n/a", "<na>", "nat", "undefined"})  # what programs write for nothing


@dataclass(slots=True)
class FileCheck:
    """What was found in one file.

    Attributes:
        path: the file, as it was named.
        statistics: of its good records.
        problems: what is wrong with the bad ones.
        bad: how many records are bad.
        unreadable: whether the file could only be read up to the last of the bad ones.
        repeated: records whose text stands earlier in the file.
        contradicted: different texts that stand in the file with different annotations.
        repeated_ids: records whose id stands earlier in the file.
        overlapping: records with entities that overlap, where the reader was told to keep them.
        spaced: entities that begin or end with white space.
        texts: digest of each text → digest of its first annotation.
        times: digest of each text that stands more than once → how often.
    """

    path: str
    statistics: Statistics = field(default_factory=Statistics)
    problems: list[Problem] = field(default_factory=list)
    bad: int = 0
    unreadable: bool = False
    repeated: int = 0
    contradicted: int = 0
    repeated_ids: int = 0
    overlapping: int = 0
    spaced: int = 0
    texts: dict[bytes, bytes] = field(default_factory=dict, repr=False)
    times: dict[bytes, int] = field(default_factory=dict, repr=False)

    def shared_with(self, other: FileCheck) -> int:
        """How many records of this file have a text that stands in the other."""
        common = self.texts.keys() & other.texts.keys()
        return sum(self.times.get(text, 1) for text in common)


def check_file(path: str | Path, found: Iterable[Example | Rejected], policy: Policy = "report") -> FileCheck:
    """Check the records of one file (see `reading.records`); with policy "strict" only up to the first bad one."""
    result = FileCheck(str(path))
    contradicted: set[bytes] = set()
    ids: set[bytes] = set()
    for record in found:
        if isinstance(record, Rejected):
            result.bad += 1
            result.unreadable = record.fatal
            result.problems.extend(record.problems)
            if policy == "strict":
                break
            continue
        result.statistics.add(record)
        result.overlapping += do_overlap(record.entities or ())
        result.spaced += sum(entity.text != entity.text.strip() for entity in record.entities or ())
        text, annotation = _digest(record.text), _digest(_annotation(record))
        if text in result.texts:
            result.repeated += 1
            result.times[text] = result.times.get(text, 1) + 1
            if result.texts[text] != annotation:
                contradicted.add(text)
        else:
            result.texts[text] = annotation
        if record.id is not None:
            number = _digest(str(record.id))
            result.repeated_ids += number in ids
            ids.add(number)
    result.contradicted = len(contradicted)
    return result


def check_cut(path: str | Path, examples: Sequence[Example], fraction: float, seed: int) -> list[FileCheck]:
    """Check the two parts into which a training cuts one file: what it learns from, and the dev set of `fraction`."""
    train, dev = split(examples, [1 - fraction, fraction], seed)
    return [check_file(f"{path} (without dev)", train), check_file(f"{path} (the dev set cut from it)", dev)]


def warnings(
    files: Sequence[FileCheck], training: FileCheck | None = None, *, may_overlap: bool = False
) -> Iterator[str]:
    """What deserves a look, one line each: for `data check`, `init` and `train` alike.

    Args:
        files: what is trained on and scored with.
        training: the one of them to train on; None takes the largest.
        may_overlap: whether the model to train takes entities that overlap.
    """
    for file in files:
        yield from _within(file)
        if file.overlapping and not may_overlap:
            yield (
                f"{file.path}: {_texts(file.overlapping)} with overlapping entities, which model.head: span alone"
                " learns (init --overlaps allow writes it): --overlaps outermost or innermost keeps one of them"
            )
    ordered = sorted(files, key=lambda file: (file is not training, -file.statistics.examples))
    for index, file in enumerate(ordered):
        for larger in ordered[:index]:
            shared = file.shared_with(larger)
            if shared:
                yield (
                    f"{file.path}: {shared:,} of {_texts(file.statistics.examples)} also stand in {larger.path},"
                    " a score on them shows memory, not skill"
                )
    if ordered and ordered[0].statistics.annotated:
        yield from _few(ordered[0])
        for file in ordered[1:]:
            yield from _labels_apart(file, ordered[0])


def _within(file: FileCheck) -> Iterator[str]:
    if file.repeated:
        yield f"{file.path}: {file.repeated:,} of {_texts(file.statistics.examples)} repeat an earlier one"
    if file.contradicted:
        yield f"{file.path}: {_texts(file.contradicted)} with different annotations"
    if file.repeated_ids:
        yield f"{file.path}: {file.repeated_ids:,} of {file.statistics.examples:,} ids repeat an earlier one"
    if file.spaced:
        entities = "1 entity begins or ends" if file.spaced == 1 else f"{file.spaced:,} entities begin or end"
        yield f"{file.path}: {entities} with white space: are the offsets right?"
    for kind, counts in _counts(file.statistics):
        if absent := [f"{name} {count:,}" for name, count in counts.items() if name.casefold() in _ABSENT]:
            yield f"{file.path}: {kind} that may stand for a missing value: {', '.join(absent)}"
        for names in _alike(counts):
            shown = ", ".join(f"{name} {counts[name]:,}" for name in names)
            yield (
                f"{file.path}: {kind} that differ in case, width, spaces or how a number is written: {shown}"
                f" (--label-map {names[1]}={names[0]} makes them one)"
            )


def _few(training: FileCheck) -> Iterator[str]:
    """What the training data have too little of to be learned."""
    statistics = training.statistics
    if statistics.examples < FEW_EXAMPLES:
        yield f"{training.path}: {statistics.examples:,} examples are few to learn from, some hundreds are usual"
    labels = len(statistics.labels)
    if labels > 2 and labels > len(training.texts) / 2:
        yield f"{training.path}: {labels:,} labels for {_texts(len(training.texts))}: is it the label that was read?"
        return
    for kind, counts in _counts(statistics):
        rare = [f"{label} {count}" for label, count in reversed(counts.most_common()) if count < FEW_OF_A_LABEL]
        if rare:
            shown = ", ".join(rare[:_SHOWN]) + (f" and {len(rare) - _SHOWN} more" if len(rare) > _SHOWN else "")
            yield f"{training.path}: {kind} that occur fewer than {FEW_OF_A_LABEL} times are hardly learned: {shown}"


def _labels_apart(file: FileCheck, training: FileCheck) -> Iterator[str]:
    """The labels that only one of two files has."""
    for (kind, found), (_, learned) in zip(_counts(file.statistics), _counts(training.statistics), strict=True):
        if strange := sorted(found.keys() - learned.keys()):
            yield f"{file.path}: {kind} that {training.path} does not have: {', '.join(strange)}"
        if found and (missing := sorted(learned.keys() - found.keys())):
            yield f"{file.path}: has no {', '.join(missing)}: its score says nothing of these {kind}"


def _counts(statistics: Statistics) -> tuple[tuple[str, Counter[str]], ...]:
    return ("entity types", statistics.entities), ("labels", statistics.labels)


def _alike(counts: Counter[str]) -> Iterator[list[str]]:
    """Names that read alike, the most frequent of each first."""
    groups: dict[str, list[str]] = {}
    for name, _ in counts.most_common():
        plain = "".join(normalize("NFKC", name).casefold().split())
        groups.setdefault(re.sub(r"^(\d+)\.0+$", r"\1", plain), []).append(name)
    return (names for names in groups.values() if len(names) > 1)


def _texts(count: int) -> str:
    return "1 text" if count == 1 else f"{count:,} texts"


def _annotation(example: Example) -> str:
    entities = [(entity.start, entity.end, entity.label) for entity in example.entities or ()]
    return repr((entities, example.label, sorted(example.labels or ())))


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8"), digest_size=12).digest()
