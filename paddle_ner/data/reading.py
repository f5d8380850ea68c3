"""Reading a labelled file as Examples: `read` streams, `load` reads it whole."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from paddle_ner.data.detection import detect
from paddle_ner.data.encoding import AUTO, guess
from paddle_ner.data.formats import FORMATS, Format
from paddle_ner.data.options import COMMON, ReadOptions
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
        path: the file; gzip is unpacked. A folder for brat and for a folder per class. ``-`` is the standard input, and
            a pattern such as ``parts/*.jsonl`` names all files that match.
        format: its format; None: by content and suffix.
        encoding: takes the place of ``options.encoding``.
        options: what else the file does not say of itself.
        on_problem: called for each thing wrong with a bad record, which is then left out. None: the first bad record
            raises.
        log: told in one line each what was found out about the file, such as its encoding.

    Raises:
        InputError: at once, where the path is absent, the format cannot be told, or an option does not fit it.
        DataError: while reading, at the first bad record where there is no `on_problem`; in any case where the rest of
            the file cannot be read (a syntax error in a JSON array).
    """
    found = records(path, format, encoding=encoding, options=options, log=log)

    def examples() -> Iterator[Example]:
        for record in found:
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
        log: told in one line each what was left out, and what was found out about the file.

    Raises:
        InputError, DataError: as `read` does.
    """
    found = records(path, format, encoding=encoding, options=options, log=log)
    return list(follow(path, found, policy, log))


def follow(
    path: str | Path, found: Iterable[Example | Rejected], policy: Policy, log: Callable[[str], None] = _LOGGER.warning
) -> Iterator[Example]:
    """The good ones of `records`, streamed; the bad ones by `policy`, as `load` says, and at the end of the stream."""
    good = bad = 0
    problems: list[Problem] = []
    for record in found:
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
    """Every record of a file as an Example or with what is wrong; `read` and `load` are made of it.

    A record that is annotated in another way than the first (no label where that has one) is bad, and so is a file
    without any record. Raises InputError as `read` does.
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
    judge: Judge
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
        return cls(path, chosen, options, Judge(path, options), log)

    def records(self) -> Iterator[tuple[Draft | Rejected, Example | Rejected]]:
        """What the format found, each with what came of it; remarks are logged."""
        empty = True
        for found in self.format.read(self.path, self.options):
            if isinstance(found, Remark):
                self.log(f"{self.path}: {found.message}")
                continue
            empty = False
            yield found, found if isinstance(found, Rejected) else self.judge(found)
        if empty:
            nothing = Rejected.at(self.path, 1, "no record, expected at least one")
            yield nothing, nothing
        for remark in self.judge.remarks():
            self.log(f"{self.path}: {remark}")


def _judged(files: Sequence[_File]) -> Iterator[Example | Rejected]:
    first: tuple[str, str] | None = None
    for file in files:
        try:
            for draft, record in file.records():
                if isinstance(record, Example) and isinstance(draft, Draft):
                    kind = _kind(record)
                    if first is None:
                        first = (kind, record.origin)
                    elif kind != first[0]:
                        message = f"{kind}, but {first[1]} has {first[0]}: expected the same in every record"
                        record = Rejected.at(draft.path or file.path, draft.line, message)
                yield record
                if isinstance(record, Rejected) and record.fatal:
                    return
        except (EOFError, OSError) as error:
            raise InputError(f"{file.path}: cannot be read to its end: {error}") from error


def _kind(example: Example) -> str:
    if example.entities is not None:
        return "entities"
    if example.labels is not None:
        return "labels"
    return "no annotation" if example.label is None else "a label"


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
                f"option {name} does nothing for format {format.name}: leave it out, or name the right format"
            )
