"""``paddle-ner data split``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.text import Text

from paddle_ner import data
from paddle_ner.cli.console import out, print_json
from paddle_ner.cli.data.common import (
    PATH,
    WithFormats,
    count_of,
    examples_of,
    json_option,
    list_problems,
    to_option,
)
from paddle_ner.cli.reader_options import Reading, reader_options
from paddle_ner.errors import DataError, InputError


@click.command(cls=WithFormats)
@click.argument("source", type=PATH)
@click.option("--output", "-o", required=True, type=PATH, help="Folder for the parts.")
@click.option("--fractions", default="0.8,0.1,0.1", show_default=True, help="Share of each part; they add up to 1.")
@click.option("--names", help="Names of the parts; by default train,dev,test, or train,dev.")
@click.option("--seed", default=1, show_default=True, type=int, help="The same seed cuts the same parts.")
@to_option
@json_option
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
    """Cut SOURCE at random into parts, by default as JSON lines. Equal texts come into the same part."""
    writer = data.writer_of(None, to)
    shares = _shares(fractions)
    parts = _part_names(names, len(shares))
    try:
        examples = list(examples_of(source, reading))
    except DataError as error:
        return list_problems(error, reading)
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
        out.print(Text(f"{name}: {count_of(count)}"))
    return 0


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
