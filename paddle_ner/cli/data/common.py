"""What the commands of ``paddle-ner data`` share: files, formats, and how bad records are told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from rich.text import Text

from paddle_ner import data
from paddle_ner.cli.console import err, track, warn
from paddle_ner.cli.model_options import PartName
from paddle_ner.cli.reader_options import Reading
from paddle_ner.data.formats import FORMATS
from paddle_ner.data.reading import records
from paddle_ner.data.records import Rejected
from paddle_ner.data.source import expand
from paddle_ner.data.writers import WRITERS
from paddle_ner.errors import DataError, Problem, group
from paddle_ner.types import Example

PATH = click.Path(path_type=Path)
to_option = click.option("--to", type=PartName(WRITERS), help="Format to write. By default: by the name of the file.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout and nothing else.")
seed_option = click.option(
    "--seed", default=1, show_default=True, type=int, help="The same seed gives the same result."
)


class WithFormats(click.Command):
    """A command whose help ends with a list of the formats, including those of other packages."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The formats behind the options."""
        width = max(map(len, (*FORMATS, *WRITERS)))
        for title, parts in (("Formats that are read", FORMATS), ("Formats that are written", WRITERS)):
            with formatter.section(title):
                for name, part in parts.items():
                    formatter.write(f"  {name:<{width}}  {part.summary}\n")


def expanded(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The files that paths and patterns name."""
    return tuple(file for path in paths for file in expand(path))


def format_of(path: Path, reading: Reading) -> str:
    """The name of the format that a file is read in."""
    return reading.format or data.detect(path, reading.options.encoding).name


def records_of(path: Path, reading: Reading) -> Iterable[Example | Rejected]:
    """The records of a file, with a progress bar."""
    return track(records(path, reading.format, options=reading.options, log=warn), f"reading {path.name}")


def examples_of(path: Path, reading: Reading) -> Iterable[Example]:
    """The good records of a file; raises DataError as `paddle_ner.data.follow` does."""
    return data.follow(path, records_of(path, reading), reading.policy, warn)


def line_of(problem: Problem) -> Text:
    """A problem as it is shown."""
    return Text.assemble((f"{problem.path}:{problem.line}:", "bold"), f" {problem.message}")


def list_problems(error: DataError, reading: Reading) -> int:
    """Print all problems on stderr, for commands with another result, and return the exit status."""
    for problem in group(error.problems):
        err.print(line_of(problem))
    refuse(len(error.problems), "problem", reading)
    return 2


def refuse(count: int, what: str, reading: Reading) -> None:
    """Say that bad records end it, and what to do."""
    counted = f"{count:,} {what}{'s' * (count != 1)}"
    advice = {
        "report": f"{counted}: fix the file, or leave bad records out with --skip-bad",
        "strict": "stopped at the first bad record: fix it, or list all without --strict",
        "skip": f"{counted}, and nothing is left or the rest cannot be read: fix the file",
    }
    err.print(Text.assemble(("error: ", "red"), advice[reading.policy]))


def count_of(number: int, noun: str = "example") -> str:
    """``1 example``, ``1,200 examples``."""
    return f"{number:,} {noun}{'s' * (number != 1)}"
