"""Checking labelled files before a training: bad records, and what is right in each record but wrong as a whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

from paddle_ner.data.findings import KEPT, Finding, Place, excerpt, plural
from paddle_ner.data.overlaps import do_overlap
from paddle_ner.data.reading import Policy
from paddle_ner.data.records import Rejected
from paddle_ner.data.splitting import split
from paddle_ner.data.statistics import Statistics
from paddle_ner.errors import Problem
from paddle_ner.types import Example

FEW_EXAMPLES = 100  # with fewer in the training data a warning is given
FEW_OF_A_LABEL = 50  # the same for one class or entity type
_SHOWN = 10  # labels that a finding lists at most
_ABSENT = frozenset({"nan", "none", "null", "na", "n/a", "<na>", "nat", "undefined"})  # written for missing values


class _First(NamedTuple):
    """Where a text occurs first, its beginning, and a digest of how it is annotated there."""

    annotation: bytes
    origin: str
    excerpt: str


@dataclass(slots=True)
class FileCheck:
    """The results of checking a file.

    Attributes:
        path: the file, as it was named.
        statistics: statistics of its good records.
        problems: what is wrong with the bad ones.
        bad: how many records are bad.
        unreadable: whether the file could only be read up to the last of the bad ones.
        kind: what its first annotated record is annotated with: ``entities``, ``label`` or ``labels``; else empty.
        repeated: records whose text occurs earlier in the file.
        repeats: some of them, each with the record that it repeats.
        contradicted: digest of each text that is in the file with different annotations → the first that differs.
        repeated_ids: records whose id occurs earlier in the file.
        overlapping: records with entities that overlap, where the reader was told to keep them.
        overlaps: some of them.
        texts: digest of each text → where it occurs first.
        times: digest of each text that occurs more than once → how often.
    """

    path: str
    statistics: Statistics = field(default_factory=Statistics)
    problems: list[Problem] = field(default_factory=list)
    bad: int = 0
    unreadable: bool = False
    kind: str = ""
    repeated: int = 0
    repeats: list[Place] = field(default_factory=list)
    contradicted: dict[bytes, Place] = field(default_factory=dict)
    repeated_ids: int = 0
    overlapping: int = 0
    overlaps: list[Place] = field(default_factory=list)
    texts: dict[bytes, _First] = field(default_factory=dict, repr=False)
    times: dict[bytes, int] = field(default_factory=dict, repr=False)

    @property
    def unannotated(self) -> int:
        """Good records without any annotation."""
        return self.statistics.examples - self.statistics.annotated

    def shared_with(self, other: FileCheck) -> int:
        """How many records of this file have a text that is in the other."""
        return sum(self.times.get(text, 1) for text in self.texts.keys() & other.texts.keys())

    def _add(self, example: Example) -> None:
        self.statistics.add(example)
        self.kind = self.kind or _kind(example)
        if do_overlap(example.entities or ()):
            self.overlapping += 1
            if len(self.overlaps) < KEPT:
                self.overlaps.append(_overlap(example))
        text = _digest(example.text)
        own = _First(_digest(_annotation(example)), example.origin, excerpt(example.text))
        first = self.texts.setdefault(text, own)
        if first is own:
            return
        self.repeated += 1
        self.times[text] = self.times.get(text, 1) + 1
        place = Place(own.origin, f"{own.excerpt}, as {first.origin}")
        if len(self.repeats) < KEPT:
            self.repeats.append(place)
        if first.annotation != own.annotation:
            self.contradicted.setdefault(text, place)


def check_file(path: str | Path, records: Iterable[Example | Rejected], policy: Policy = "report") -> FileCheck:
    """Check the records of one file (see `reading.records`); with policy "strict" only up to the first bad one."""
    result = FileCheck(str(path))
    ids: set[bytes] = set()
    for record in records:
        if isinstance(record, Rejected):
            result.bad += 1
            result.unreadable = record.fatal
            result.problems.extend(record.problems)
            if policy == "strict":
                break
            continue
        result._add(record)
        if record.id is not None:
            number = _digest(str(record.id))
            result.repeated_ids += number in ids
            ids.add(number)
    return result


def check_cut(path: str | Path, examples: Sequence[Example], fraction: float, seed: int) -> list[FileCheck]:
    """Check the two parts into which a training cuts one file: what it learns from, and the dev set of `fraction`."""
    train, dev = split(examples, [1 - fraction, fraction], seed)
    return [check_file(f"{path} (without dev)", train), check_file(f"{path} (the dev set cut from it)", dev)]


def training_of(files: Sequence[FileCheck]) -> FileCheck:
    """The file to train on if nobody names one: the largest annotated file, or else the largest file."""
    return max(files, key=lambda file: (file.statistics.annotated > 0, file.statistics.examples))


def warnings(files: Sequence[FileCheck], training: FileCheck | None = None) -> Iterator[str]:
    """What to look at, one line each, for `init` and `train`; `findings` has more details.

    Overlapping entities are not included: `init` writes the head that learns them, `train` refuses them with any
    other head.
    """
    return (finding.message for finding in findings(files, training) if finding.check != "overlap")


def findings(files: Sequence[FileCheck], training: FileCheck | None = None) -> Iterator[Finding]:
    """What to look at in whole records and labels.

    Args:
        files: the files to train on and to score on.
        training: the file to train on; None: `training_of` of them.
    """
    if not files:
        return
    training = training or training_of(files)
    others = sorted((file for file in files if file is not training), key=lambda file: -file.statistics.examples)
    for index, file in enumerate(others):
        for larger in (training, *others[:index]):
            yield from _shared(file, larger)
    for file in files:
        yield from _within(file)
    if training.statistics.annotated:
        yield from _few(training)
        for file in others:
            yield from _apart(file, training)


def _within(file: FileCheck) -> Iterator[Finding]:
    statistics = file.statistics
    if file.repeated:
        message = f"{file.path}: {file.repeated:,} of {plural(statistics.examples, 'text')} repeat an earlier one"
        yield Finding("repeated-text", "note", message, file.repeated, tuple(file.repeats))
    if file.contradicted:
        message = f"{file.path}: {plural(len(file.contradicted), 'text')} with different annotations"
        places = tuple(file.contradicted.values())[:KEPT]
        yield Finding("contradiction", "warning", message, len(file.contradicted), places)
    if file.repeated_ids:
        message = f"{file.path}: {file.repeated_ids:,} of {statistics.examples:,} ids repeat an earlier one"
        yield Finding("repeated-id", "note", message, file.repeated_ids)
    for kind, counts in _counts(statistics):
        if absent := [f"{name} {count:,}" for name, count in counts.items() if name.casefold() in _ABSENT]:
            message = f"{file.path}: {kind} that may stand for a missing value: {', '.join(absent)}"
            yield Finding("absent-label", "warning", message, len(absent))
        for names in _alike(counts):
            shown = ", ".join(f"{name} {counts[name]:,}" for name in names)
            message = (
                f"{file.path}: {kind} that differ in case, width, spaces or how a number is written: {shown}"
                f" (--label-map {names[1]}={names[0]} makes them one)"
            )
            yield Finding("alike-labels", "warning", message, len(names))
    if file.overlapping:
        message = (
            f"{file.path}: {plural(file.overlapping, 'text')} with overlapping entities, which model.head: span alone"
            " can learn: --overlaps outermost or innermost keeps one of them"
        )
        yield Finding("overlap", "warning", message, file.overlapping, tuple(file.overlaps))


def _shared(file: FileCheck, larger: FileCheck) -> Iterator[Finding]:
    """The texts of one file that are in another, first those with a different annotation there."""
    common = [text for text in file.texts if text in larger.texts]
    if not common:
        return
    differ = [text for text in common if file.texts[text].annotation != larger.texts[text].annotation]
    differing = set(differ)
    count = file.shared_with(larger)
    otherwise = f" ({len(differ):,} of them annotated otherwise)" if differ else ""
    message = (
        f"{file.path}: {count:,} of {plural(file.statistics.examples, 'text')} also stand in {larger.path}{otherwise},"
        " a score on them shows memory, not skill"
    )
    places = []
    for text in [*differ, *(text for text in common if text not in differing)][:KEPT]:
        own, other = file.texts[text], larger.texts[text]
        how = "annotated otherwise in" if text in differing else "also in"
        places.append(Place(own.origin, f"{own.excerpt}, {how} {other.origin}"))
    yield Finding("leak", "warning", message, count, tuple(places))


def _few(training: FileCheck) -> Iterator[Finding]:
    """What the training data have too few examples of."""
    statistics = training.statistics
    if statistics.examples < FEW_EXAMPLES:
        message = f"{training.path}: {statistics.examples:,} examples are few to learn from, some hundreds are usual"
        yield Finding("few-examples", "warning", message, statistics.examples)
    labels = len(statistics.labels)
    if labels > 2 and labels > len(training.texts) / 2:
        texts = plural(len(training.texts), "text")
        message = f"{training.path}: {labels:,} labels for {texts}: is it the label that was read?"
        yield Finding("many-labels", "warning", message, labels)
        return
    for kind, counts in _counts(statistics):
        rare = [f"{label} {count}" for label, count in reversed(counts.most_common()) if count < FEW_OF_A_LABEL]
        if rare:
            shown = ", ".join(rare[:_SHOWN]) + (f" and {len(rare) - _SHOWN} more" if len(rare) > _SHOWN else "")
            message = (
                f"{training.path}: {kind} that occur fewer than {FEW_OF_A_LABEL} times are hardly learned: {shown}"
            )
            yield Finding("rare-label", "warning", message, len(rare))


def _apart(file: FileCheck, training: FileCheck) -> Iterator[Finding]:
    """Labels and annotations that only one of two files has."""
    if file.statistics.annotated and file.kind != training.kind:
        message = f"{file.path}: annotated with {file.kind}, but {training.path} with {training.kind}"
        yield Finding("other-kind", "error", message, file.statistics.examples)
        return
    for (kind, own), (_, learned) in zip(_counts(file.statistics), _counts(training.statistics), strict=True):
        if strange := sorted(own.keys() - learned.keys()):
            message = f"{file.path}: {kind} that {training.path} does not have: {', '.join(strange)}"
            yield Finding("unknown-label", "error", message, len(strange))
        if own and (missing := sorted(learned.keys() - own.keys())):
            message = f"{file.path}: has no {', '.join(missing)}: its score says nothing of these {kind}"
            yield Finding("missing-label", "warning", message, len(missing))


def _counts(statistics: Statistics) -> tuple[tuple[str, Counter[str]], ...]:
    return ("entity types", statistics.entities), ("labels", statistics.labels)


def _alike(counts: Counter[str]) -> Iterator[list[str]]:
    """Groups of names that look alike, the most frequent of each first."""
    groups: dict[str, list[str]] = {}
    for name, _ in counts.most_common():
        plain = "".join(normalize("NFKC", name).casefold().split())
        groups.setdefault(re.sub(r"^(\d+)\.0+$", r"\1", plain), []).append(name)
    return (names for names in groups.values() if len(names) > 1)


def _kind(example: Example) -> str:
    """What a record is annotated with, in words; empty if it is not."""
    if example.entities is not None:
        return "entities"
    return "several labels" if example.labels is not None else "" if example.label is None else "one label"


def _overlap(example: Example) -> Place:
    """The first two entities that share a character."""
    ordered = sorted(example.entities or (), key=lambda entity: entity.start)
    first, second = next((earlier, later) for earlier, later in pairwise(ordered) if later.start < earlier.end)
    return Place(example.origin, f"{second.label} {excerpt(second.text)} overlaps {first.label} {excerpt(first.text)}")


def _annotation(example: Example) -> str:
    entities = [entity.span for entity in example.entities or ()]
    return repr((entities, example.label, sorted(example.labels or ())))


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8"), digest_size=12).digest()
