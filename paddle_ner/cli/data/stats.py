"""``paddle-ner data stats``, and the table of files that ``check`` shows too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.table import Column, Table
from rich.text import Text

from paddle_ner.cli.console import out, print_json
from paddle_ner.cli.data.common import (
    PATH,
    WithFormats,
    examples_of,
    expanded,
    format_of,
    json_option,
    list_problems,
)
from paddle_ner.cli.reader_options import Reading, reader_options
from paddle_ner.data.statistics import PERCENTILES, WINDOWS, Statistics
from paddle_ner.errors import DataError

_LABELS = 30  # rows of the table


@dataclass(frozen=True, slots=True)
class Described:
    """One file and its figures."""

    path: Path
    format: str
    statistics: Statistics


@click.command(cls=WithFormats)
@click.argument("files", nargs=-1, required=True, type=PATH)
@json_option
@reader_options
def stats(files: tuple[Path, ...], as_json: bool, reading: Reading) -> int:
    """Describe labelled FILES: examples, lengths in characters, entities by type, labels."""
    described: list[Described] = []
    for path in expanded(files):
        statistics = Statistics()
        try:
            for example in examples_of(path, reading):
                statistics.add(example)
        except DataError as error:
            return list_problems(error, reading)
        described.append(Described(path, format_of(path, reading), statistics))
    if as_json:
        listed = [{"path": str(file.path), "format": file.format, **file.statistics.to_dict()} for file in described]
        print_json({"files": listed})
    else:
        show(described)
    return 0


def show(described: Sequence[Described]) -> None:
    """A table with a column for each file: its format, sizes and lengths, then its entities by type and its labels."""
    names = [file.path.name for file in described]
    table = Table(Column(no_wrap=True))
    for file in described:
        name = file.path.name if names.count(file.path.name) == 1 else str(file.path)
        table.add_column(Text(name), justify="right", overflow="fold")
    table.add_row("format", *(file.format for file in described))
    figures = [_figures(file.statistics) for file in described]
    for name in figures[0]:
        table.add_row(name, *(f"{figure[name]:,}" for figure in figures))
    for title, counts in (
        ("entities", [file.statistics.entities for file in described]),
        ("labels", [file.statistics.labels for file in described]),
    ):
        every = sum(counts, Counter[str]())
        if not every:
            continue
        table.add_section()
        table.add_row(title, *(f"{count.total():,}" for count in counts))
        for label, _ in every.most_common(_LABELS):
            table.add_row(Text(f"  {label}"), *(f"{count[label]:,}" for count in counts))
        if len(every) > _LABELS:
            table.add_row(f"  and {len(every) - _LABELS:,} more (--json)", *("" for _ in counts))
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
