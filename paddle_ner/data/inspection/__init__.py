"""An inspection of labelled data before a training: what is probably wrong in well-formed texts and annotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from paddle_ner.data.checking import FileCheck, findings, training_of
from paddle_ner.data.findings import KEPT, Finding, Place, by_severity, excerpt, plural
from paddle_ner.data.inspection.borders import odd_borders
from paddle_ner.data.inspection.characters import mixed_scripts, unknown, unseen
from paddle_ner.data.inspection.surfaces import inconsistencies
from paddle_ner.errors import InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.features.windows import SPECIALS
from paddle_ner.types import Example


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """How a model would read the texts.

    Attributes:
        name: the name of the model.
        tokenizer: the tokenizer of the model.
        window: the most tokens that it reads at once, including special tokens.
    """

    name: str
    tokenizer: Tokenizer
    window: int


@dataclass(frozen=True, slots=True)
class File:
    """One file of the data.

    Attributes:
        check: the results of checking its records.
        examples: its good records.
        role: ``train``, ``dev`` or ``test`` if it is named so; else empty.
        format: the name of the format that it was read in.
    """

    check: FileCheck
    examples: list[Example] = field(repr=False)
    role: str = ""
    format: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON form: its figures and its bad records."""
        check = self.check
        problems = [
            {"path": problem.path, "line": problem.line, "message": problem.message} for problem in check.problems
        ]
        counts = {
            "bad_records": check.bad,
            "repeated_texts": check.repeated,
            "contradicted_texts": len(check.contradicted),
        }
        named = {"path": check.path, "format": self.format, "role": self.role}
        return {**named, **check.statistics.to_dict(), **counts, "problems": problems}


@dataclass(frozen=True, slots=True)
class Inspection:
    """The results for files that belong together.

    Attributes:
        files: the given files.
        training: the file to train on.
        findings: the worst first.
    """

    files: tuple[File, ...]
    training: File
    findings: tuple[Finding, ...]

    @property
    def breaks_training(self) -> bool:
        """Whether a training would fail, or learn something else, although each good record can be read."""
        return any(finding.severity == "error" for finding in self.findings)

    @property
    def bad(self) -> int:
        """Bad records of all files."""
        return sum(file.check.bad for file in self.files)


def training_file(files: Sequence[File]) -> File:
    """The file to train on: the one with this role, or else the largest annotated file."""
    said = [file for file in files if file.role == "train"]
    if len(said) > 1:
        raise InputError(f"{len(said)} files to train on, expected one: a pattern in quotes is read as one file")
    chosen = said[0].check if said else training_of([file.check for file in files])
    return next(file for file in files if file.check is chosen)


def inspect(files: Sequence[File], vocabulary: Vocabulary | None = None, *, takes_overlaps: bool = True) -> Inspection:
    """Everything to look at; see `paddle_ner.data.findings.Severity`.

    Args:
        files: at least one, and all that belong together: strings and texts are compared over all of them.
        vocabulary: how a model would read the texts; None leaves out what needs one.
        takes_overlaps: whether a training would be told to keep overlapping entities; else they are an error.
    """
    training = training_file(files)
    examples = [example for file in files for example in file.examples]
    results = [*_unusable(files, training), *findings([file.check for file in files], training.check)]
    results += [*inconsistencies(examples), *odd_borders(examples), *unseen(examples), *mixed_scripts(examples)]
    if vocabulary is not None:
        results += [*unknown(examples, vocabulary.tokenizer, vocabulary.name), *_windows(examples, vocabulary)]
    if not takes_overlaps:
        results = [replace(finding, severity="error") if finding.check == "overlap" else finding for finding in results]
    return Inspection(tuple(files), training, tuple(by_severity(results)))


def _unusable(files: Sequence[File], training: File) -> Iterator[Finding]:
    """What would make a training fail, although each record can be read."""
    check = training.check
    if not check.statistics.annotated:
        message = f"{check.path}: no record is annotated, so there is nothing to learn"
        yield Finding("no-annotation", "error", message, check.statistics.examples)
    elif check.kind == "entities" and not check.statistics.entities:
        message = f"{check.path}: no record has an entity, so there is nothing to learn"
        yield Finding("no-annotation", "error", message, check.statistics.examples)
    elif check.kind == "one label" and len(check.statistics.labels) < 2:
        message = f"{check.path}: every text has the label {next(iter(check.statistics.labels))}: expected two at least"
        yield Finding("single-label", "error", message, check.statistics.examples)
    for file in files:
        if file is not training and not file.check.statistics.annotated and check.statistics.annotated:
            said = f"{file.check.path}: no record is annotated, so nothing can be scored on it"
            yield Finding("no-annotation", "error" if file.role else "note", said, file.check.statistics.examples)


def _windows(examples: Sequence[Example], vocabulary: Vocabulary) -> Iterator[Finding]:
    """How many texts do not fit into a window."""
    content = vocabulary.window - SPECIALS
    long = [
        (length, example)
        for example in examples
        if len(example.text) > content and (length := len(vocabulary.tokenizer.encode(example.text).ids)) > content
    ]
    if not long:
        return
    long.sort(key=lambda pair: -pair[0])
    message = (
        f"{len(long):,} of {plural(len(examples), 'text')} have more than {content:,} tokens and need several windows"
        f" of {vocabulary.window:,} ({vocabulary.name}); the longest has {long[0][0]:,}"
    )
    places = tuple(Place(example.origin, f"{excerpt(example.text)}, {length:,} tokens") for length, example in long)
    yield Finding("several-windows", "note", message, len(long), places[:KEPT])
