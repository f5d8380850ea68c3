"""Reading a labelled file as Examples: `read` streams it, `load` reads all of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from pydantic import ValidationError

from paddle_ner.data.detection import detect
from paddle_ner.data.encoding import AUTO, guess
from paddle_ner.data.formats import FORMATS, Format
from paddle_ner.data.kinds import Judged, Kind, kind_of_all
from paddle_ner.data.offsets import OffsetReader
from paddle_ner.data.options import COMMON, ReadOptions, flag_of
from paddle_ner.data.records import Draft, Judge, Rejected, Remark
from paddle_ner.data.source import expand, is_standard_input
from paddle_ner.errors import DataError, InputError, Problem
from paddle_ner.types import Example

Policy = Literal["report", "strict", "skip"]
_DEFAULTS = ReadOptions()
_LOGGER = logging.getLogger(__name__)


def read(
    path: str | Path,
    format: str | None = None,
    *,
    encoding: str | None = None,
    options: ReadOptions = _DEFAULTS,
    on_problem: Callable[[Problem], None] | None = None,
    log: Callable[[str], None] = _LOGGER.warning,
) -> Iterator[Example]:
    """Stream the examples of a labelled file or folder, in the order of the file.

    Args:
        path: the file; gzip, bzip2, xz and Zstandard are unpacked. A folder for brat and for a folder per class. ``-``
            is the standard input, and a pattern such as ``parts/*.jsonl`` names all files that match.
        format: its format; None: recognised by content and suffix.
        encoding: replaces ``options.encoding``.
        options: what else the file itself does not say.
        on_problem: called for each thing wrong with a bad record, which is then left out. None: the first bad record
            raises.
        log: called with a line for each thing that was recognised, such as the file's encoding.

    Raises:
        InputError: at once, if the path is absent, the format is not recognised, or an option does not fit it.
        DataError: while reading, at the first bad record if there is no `on_problem`, and always if the rest of the
            file cannot be read (a syntax error in a JSON array).
    """
    judged = records(path, format, encoding=encoding, options=options, log=log)

    def examples() -> Iterator[Example]:
        for record in judged:
            if isinstance(record, Example):
                yield record
            elif on_problem is None or record.fatal:
                raise DataError(record.problems)
            else:
                for problem in record.problems:
                    on_problem(problem)

    return examples()


def load(
    path: str | Path,
    format: str | None = None,
    *,
    encoding: str | None = None,
    options: ReadOptions = _DEFAULTS,
    policy: Policy = "report",
    log: Callable[[str], None] = _LOGGER.warning,
) -> list[Example]:
    """All examples of a labelled file or folder; see `read` for the arguments.

    Args:
        policy: what a bad record does. "report": read on, then raise with all problems. "strict": raise at once.
            "skip": leave it out, and `log` how many were.
        log: called with a line for what was left out, and for what was recognised about the file.

    Raises:
        InputError, DataError: as `read` does.
    """
    judged = records(path, format, encoding=encoding, options=options, log=log)
    return list(follow(path, judged, policy, log))


def follow(
    path: str | Path,
    examples: Iterable[Example | Rejected],
    policy: Policy,
    log: Callable[[str], None] = _LOGGER.warning,
) -> Iterator[Example]:
    """The good records of `records`, streamed; bad ones are treated by `policy` of `load`, at the end of the stream."""
    if policy not in get_args(Policy):
        raise InputError(f"policy is {policy!r}, expected {', '.join(get_args(Policy))}")
    good = bad = 0
    problems: list[Problem] = []
    for record in examples:
        if isinstance(record, Example):
            good += 1
            yield record
            continue
        bad += 1
        if policy == "skip" and not record.fatal:
            continue
        problems.extend(record.problems)
        if policy == "strict":
            break
    if problems:
        raise DataError(problems)
    if bad:
        log(left_out(path, bad, good))


def left_out(path: str | Path, bad: int, good: int) -> str:
    """The line that says how many bad records were left out."""
    return f"{path}: left out {bad:,} bad record{'s' * (bad != 1)} of {bad + good:,}"


def records(
    path: str | Path,
    format: str | None = None,
    *,
    encoding: str | None = None,
    options: ReadOptions = _DEFAULTS,
    log: Callable[[str], None] = _LOGGER.warning,
) -> Iterator[Example | Rejected]:
    """Every record of a file as an Example or with what is wrong; `read` and `load` use it.

    A record that is not annotated in the way of the first annotated record (such as without a label) is bad, and so is
    a file without any record. Raises InputError as `read` does.
    """
    if encoding is not None:
        options = _with_encoding(options, encoding)
    files = [_File.of(file, format, options, log) for file in expand(Path(path))]
    return _judged(files)


@dataclass(frozen=True, slots=True)
class _File:
    """One file, its format and how it is read."""

    path: Path
    format: Format
    options: ReadOptions
    log: Callable[[str], None]

    @classmethod
    def of(cls, path: Path, format: str | None, options: ReadOptions, log: Callable[[str], None]) -> _File:
        chosen = None if format is None else FORMATS[format]
        if not path.exists() and not is_standard_input(path):
            raise InputError(f"{path}: no such file or folder")
        if chosen is None:
            chosen = detect(path, options.encoding)
        if options.encoding == AUTO:
            options = options.model_copy(update={"encoding": "utf-8" if chosen.is_binary else guess(path)})
            if options.encoding != "utf-8":
                log(f"{path}: not UTF-8, read as {options.encoding.upper()}")
        if path.is_dir() and not chosen.reads_folders:
            raise InputError(f"{path}: a folder, expected a file for format {chosen.name}")
        _refuse_idle(chosen, options)
        return cls(path, chosen, options, log)

    def drafts(self) -> Iterator[Draft]:
        """The records that could be parsed, as the file states them."""
        return (draft for draft in self.format.read(self.path, self.options) if isinstance(draft, Draft))

    def offset_reader(self) -> OffsetReader:
        format = self.format
        return OffsetReader(self.path, self.options.offsets, self.drafts, format.counts_code_points, format.counted)

    def records(self, log: Callable[[str], None]) -> Iterator[tuple[Draft, Judged] | Rejected]:
        """What the format yields, each draft with its judge; remarks are logged."""
        judge, offsets = Judge(self.path, self.options), self.offset_reader()
        states_offsets = "offsets" in self.format.options and not self.options.texts_only

        def judged(draft: Draft) -> Example | Rejected:
            converted = offsets(draft) if states_offsets else draft
            return converted if isinstance(converted, Rejected) else judge(converted)

        nothing = True
        for parsed in self.format.read(self.path, self.options):
            if isinstance(parsed, Remark):
                log(f"{self.path}: {parsed.message}")
                continue
            nothing = False
            yield parsed if isinstance(parsed, Rejected) else (parsed, judged)
        if nothing:
            yield Rejected.at(self.path, 1, "no record, expected at least one")
        for remark in (*offsets.remarks(), *judge.remarks()):
            log(f"{self.path}: {remark}")


@dataclass(slots=True)
class _Place:
    """The place of a record among those of its line: a whole array may be written on one line."""

    line: tuple[str, int] = "", 0
    number: int = 0

    def pass_to(self, path: str, line: int) -> None:
        """Take the next record, which begins on a line of a file."""
        self.number = self.number + 1 if (path, line) == self.line else 1
        self.line = path, line

    def named(self, record: Rejected) -> Rejected:
        """What is wrong with the record, with its number if it is not the first of its line."""
        if self.number == 1 or record.fatal:
            return record
        where = f" (number {self.number:,} of this line)"
        return Rejected(tuple(replace(problem, message=problem.message + where) for problem in record.problems))


def _judged(files: Sequence[_File]) -> Iterator[Example | Rejected]:
    kind: Kind | None = None
    for file in files:
        place = _Place()
        try:
            for parsed in file.records(file.log):
                if isinstance(parsed, Rejected):
                    place.pass_to(parsed.problems[0].path, parsed.problems[0].line)
                else:
                    place.pass_to(str(parsed[0].path or file.path), parsed[0].line)
                if isinstance(parsed, Rejected):
                    yield place.named(parsed)
                    if parsed.fatal:
                        return
                    continue
                draft, judged = parsed
                if kind is None and not file.options.texts_only and _says_no_kind(draft):
                    kind = kind_of_all(_drafts_of(files))
                record = judged(draft if kind is None else kind.fill(draft))
                if isinstance(record, Example):
                    kind = kind or Kind.of(record)
                    fault = kind.fault(record)
                    record = record if fault is None else Rejected.at(draft.path or file.path, draft.line, fault)
                yield place.named(record) if isinstance(record, Rejected) else record
        except OSError as error:
            raise InputError(f"{file.path}: cannot be read to its end: {error}") from error


def _says_no_kind(draft: Draft) -> bool:
    return draft.empty or (draft.spans is None and draft.label is None)


def _drafts_of(files: Iterable[_File]) -> Iterator[tuple[Draft, Judged]]:
    """The drafts of files that are read again, each with its judge; nothing is logged."""
    for file in files:
        for record in file.records(lambda _: None):
            if not isinstance(record, Rejected):
                yield record


def _with_encoding(options: ReadOptions, encoding: str) -> ReadOptions:
    try:
        ReadOptions(encoding=encoding)
    except ValidationError as error:
        raise InputError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error
    return options.model_copy(update={"encoding": encoding})


def _refuse_idle(format: Format, options: ReadOptions) -> None:
    for name in ReadOptions.model_fields:
        if name not in format.options | COMMON and getattr(options, name) != getattr(_DEFAULTS, name):
            raise InputError(
                f"{flag_of(name)} does nothing for format {format.name}: leave it out, or name the right format"
            )
