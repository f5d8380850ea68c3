"""``paddle-ner data``: check, convert, split and describe labelled files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.table import Column, Table
from rich.text import Text

from paddle_ner import data
from paddle_ner.cli.console import err, out, print_json, track
from paddle_ner.cli.model_options import PartName
from paddle_ner.cli.reader_options import Reading, reader_options
from paddle_ner.data.checking import FileCheck, check_file, warnings
from paddle_ner.data.formats import FORMATS
from paddle_ner.data.reading import follow, left_out, records
from paddle_ner.data.records import Rejected
from paddle_ner.data.source import expand
from paddle_ner.data.statistics import PERCENTILES, WINDOWS, Statistics
from paddle_ner.data.writers import WRITERS
from paddle_ner.errors import DataError, InputError, Problem, group
from paddle_ner.types import Example


@dataclass(frozen=True, slots=True)
class _Found:
    """One file and its figures."""

    path: Path
    format: str
    statistics: Statistics


_PATH = click.Path(path_type=Path)
_TO = click.option("--to", type=PartName(WRITERS), help="Format to write. By default: by the name of the file.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout and nothing else.")


class _WithFormats(click.Command):
    """A command whose help ends with a list of the formats, including those of other packages."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, (*FORMATS, *WRITERS)))
        for title, parts in (("Formats that are read", FORMATS), ("Formats that are written", WRITERS)):
            with formatter.section(title):
                for name, part in parts.items():
                    formatter.write(f"  {name:<{width}}  {part.summary}\n")


class _Group(_WithFormats, click.Group):
    command_class = _WithFormats


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Check, convert, split and describe labelled files."""


@command.command()
@click.argument("files", nargs=-1, required=True, type=_PATH)
@_JSON
@reader_options
def check(files: tuple[Path, ...], as_json: bool, reading: Reading) -> int:
    """Say what is in labelled FILES and what is wrong with them.

    Bad records are listed as path:line, and the exit status is then 2. The largest of several files counts as the
    training data. There are warnings for texts that two files share, labels that one of them lacks, and too few
    examples.
    """
    files = _expanded(files)
    checks: list[FileCheck] = []
    found: list[_Found] = []
    for path in files:
        checks.append(check_file(path, _records(path, reading), reading.policy))
        found.append(_Found(path, _format(path, reading), checks[-1].statistics))
        if reading.policy == "strict" and checks[-1].bad:
            break
    remarks = list(warnings(checks))
    skip = reading.policy == "skip"
    refused = any(file.unreadable or (file.bad and (not skip or not file.statistics.examples)) for file in checks)
    if as_json:
        listed = [{"format": described.format, **_checked(file)} for described, file in zip(found, checks, strict=True)]
        print_json({"ok": not refused, "files": listed, "warnings": remarks})
    else:
        _show(found)
        for problem in group([problem for file in checks if not skip or file.unreadable for problem in file.problems]):
            out.print(_line(problem))
        for remark in remarks:
            _warn(remark)
    for file in checks:
        if skip and file.bad:
            _warn(left_out(file.path, file.bad, file.statistics.examples))
    if refused:
        _refuse(sum(file.bad for file in checks), "bad record", reading)
        return 2
    if not as_json:
        err.print(Text("no bad record" if not any(file.bad for file in checks) else "the rest is good", style="green"))
    return 0


@command.command()
@click.argument("source", type=_PATH)
@click.argument("target", type=_PATH)
@_TO
@_JSON
@reader_options
def convert(source: Path, target: Path, to: str | None, as_json: bool, reading: Reading) -> int:
    """Write SOURCE to TARGET in the format of its suffix, completely or not at all.

    Canonical JSON lines are .jsonl. If the format cannot hold a record, the command ends and an older TARGET stays.
    SOURCE may be - for the standard input, and TARGET - for the standard output, which gets the records before the end.
    """
    to_output = str(target) == "-"
    if as_json and to_output:
        raise InputError("--json writes to the standard output, and so does TARGET -: leave one out")
    writer = data.writer_of(target, to)
    try:
        examples = follow(source, _records(source, reading), reading.policy, _warn)
        count = data.write(target, examples, writer.name)
    except DataError as error:
        return _list(error, reading)
    if as_json:
        print_json({"path": str(target), "examples": count})
    else:
        (err if to_output else out).print(Text(f"{target}: {count:,} example{'s' * (count != 1)}"))
    return 0


@command.command()
@click.argument("source", type=_PATH)
@click.option("--output", "-o", required=True, type=_PATH, help="Folder for the parts.")
@click.option("--fractions", default="0.8,0.1,0.1", show_default=True, help="Share of each part; they add up to 1.")
@click.option("--names", help="Names of the parts; by default train,dev,test, or train,dev.")
@click.option("--seed", default=1, show_default=True, type=int, help="The same seed gives the same parts.")
@_TO
@_JSON
@reader_options
def split(
    source: Path,
    output: Path,
    fractions: str,
    names: str | None,
    seed: int,
    to: str | None,
    as_json: bool,
    reading: Reading,
) -> int:
    """Split SOURCE at random into parts, by default as JSON lines. Equal texts go into the same part."""
    writer = data.writer_of(None, to)
    shares = _shares(fractions)
    parts = _part_names(names, len(shares))
    try:
        examples = list(follow(source, _records(source, reading), reading.policy, _warn))
    except DataError as error:
        return _list(error, reading)
    cut = data.split(examples, shares, seed)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{output}: cannot be made: {error.strerror or error}") from error
    files = [output / f"{name}{writer.new_suffix}" for name in parts]
    counts = {str(file): data.write(file, part, writer.name) for file, part in zip(files, cut, strict=True)}
    if as_json:
        print_json({"seed": seed, "parts": counts})
        return 0
    for name, count in counts.items():
        out.print(Text(f"{name}: {count:,} example{'s' * (count != 1)}"))
    return 0


@command.command()
@click.argument("files", nargs=-1, required=True, type=_PATH)
@_JSON
@reader_options
def stats(files: tuple[Path, ...], as_json: bool, reading: Reading) -> int:
    """Describe labelled FILES: examples, lengths in characters, entities by type, labels."""
    found: list[_Found] = []
    for path in _expanded(files):
        statistics = Statistics()
        try:
            for example in follow(path, _records(path, reading), reading.policy, _warn):
                statistics.add(example)
        except DataError as error:
            return _list(error, reading)
        found.append(_Found(path, _format(path, reading), statistics))
    if as_json:
        listed = [
            {"path": str(described.path), "format": described.format, **described.statistics.to_dict()}
            for described in found
        ]
        print_json({"files": listed})
    else:
        _show(found)
    return 0


def _expanded(paths: Sequence[Path]) -> tuple[Path, ...]:
    return tuple(file for path in paths for file in expand(path))


def _format(path: Path, reading: Reading) -> str:
    return reading.format or data.detect(path, reading.options.encoding).name


def _records(path: Path, reading: Reading) -> Iterable[Example | Rejected]:
    found = records(path, reading.format, options=reading.options, log=_warn)
    return track(found, f"reading {path.name}")


def _checked(file: FileCheck) -> dict[str, Any]:
    problems = [{"path": problem.path, "line": problem.line, "message": problem.message} for problem in file.problems]
    counts = {"bad_records": file.bad, "repeated_texts": file.repeated, "contradicted_texts": file.contradicted}
    return {"path": file.path} | file.statistics.to_dict() | counts | {"problems": problems}


def _show(found: Sequence[_Found]) -> None:
    """A table with a column for each file: its format, sizes and lengths, then its entities by type and its labels."""
    names = [file.path.name for file in found]
    table = Table(Column(no_wrap=True))
    for file in found:
        name = file.path.name if names.count(file.path.name) == 1 else str(file.path)
        table.add_column(Text(name), justify="right", overflow="fold")
    table.add_row("format", *(file.format for file in found))
    figures = [_figures(file.statistics) for file in found]
    for name in figures[0]:
        table.add_row(name, *(f"{figure[name]:,}" for figure in figures))
    for title, counts in (
        ("entities", [file.statistics.entities for file in found]),
        ("labels", [file.statistics.labels for file in found]),
    ):
        every = sum(counts, Counter[str]())
        if not every:
            continue
        table.add_section()
        table.add_row(title, *(f"{count.total():,}" for count in counts))
        for label, _ in every.most_common():
            table.add_row(Text(f"  {label}"), *(f"{count[label]:,}" for count in counts))
    out.print(table)


def _figures(statistics: Statistics) -> dict[str, int]:
    return {
        "examples": statistics.examples,
        "  annotated": statistics.annotated,
        "characters": statistics.characters,
        **{f"  {percent}% have at most": statistics.percentile(percent) for percent in PERCENTILES},
        "  longest": max(statistics.lengths, default=0),
        **{f"  texts over {window}": statistics.longer_than(window) for window in WINDOWS},
    }


def _line(problem: Problem) -> Text:
    return Text.assemble((f"{problem.path}:{problem.line}:", "bold"), f" {problem.message}")


def _list(error: DataError, reading: Reading) -> int:
    """Print all problems on stderr, for commands with another result, and return the exit status."""
    for problem in group(error.problems):
        err.print(_line(problem))
    _refuse(len(error.problems), "problem", reading)
    return 2


def _refuse(count: int, what: str, reading: Reading) -> None:
    found = f"{count:,} {what}{'s' * (count != 1)}"
    advice = {
        "report": f"{found}: fix the file, or leave bad records out with --skip-bad",
        "strict": "stopped at the first bad record: fix it, or list all without --strict",
        "skip": f"{found}, and nothing is left or the rest cannot be read: fix the file",
    }
    err.print(Text.assemble(("error: ", "red"), advice[reading.policy]))


def _warn(message: str) -> None:
    err.print(Text.assemble(("warning: ", "yellow"), message))


def _shares(fractions: str) -> list[float]:
    try:
        return [float(share) for share in fractions.split(",")]
    except ValueError as error:
        raise InputError(f"fractions {fractions!r}, expected numbers such as 0.8,0.1,0.1") from error


def _part_names(names: str | None, count: int) -> list[str]:
    parts = ["train", "dev", "test"][:count] if names is None else [name.strip() for name in names.split(",")]
    if len(parts) != count or len(set(parts)) < count or not all(part and "/" not in part for part in parts):
        raise InputError(f"{len(set(parts))} names ({', '.join(parts)}) for {count} parts, expected one each: --names")
    return parts
