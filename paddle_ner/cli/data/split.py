"""``paddle-ner data split``."""

from __future__ import annotations

from dataclasses import replace
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
from paddle_ner.cli.reader_options import Reading, reader_options, refuse_own_input
from paddle_ner.errors import DataError, InputError
from paddle_ner.types import Example

_FRACTIONS = "0.8,0.1,0.1"


@click.command(cls=WithFormats)
@click.argument("source", type=PATH)
@click.option("--output", "-o", required=True, type=PATH, help="Folder for the parts.")
@click.option("--fractions", help="Share of each part, by default 0.8,0.1,0.1; they add up to 1.")
@click.option("--names", help="Names of the parts; by default train,dev,test, or train,dev.")
@click.option("--seed", default=1, show_default=True, type=int, help="The same seed gives the same parts.")
@click.option("--folds", type=int, metavar="K", help="Instead: fold-1 to fold-K, each with its train and dev.")
@click.option(
    "--group-by",
    metavar="FIELD",
    help="Records with the same value there stay together, such as a document's: id, a column, or meta.document.",
)
@to_option
@json_option
@reader_options
def split(
    source: Path,
    output: Path,
    fractions: str | None,
    names: str | None,
    seed: int,
    folds: int | None,
    group_by: str | None,
    to: str | None,
    as_json: bool,
    reading: Reading,
) -> int:
    """Split SOURCE at random into parts, by default as JSON lines.

    Each part gets its share of every label and entity type. Equal texts go into the same part.
    """
    if folds is not None and (fractions or names):
        raise InputError("--folds makes equal parts called train and dev: leave --fractions and --names out")
    writer = data.writer_of(None, to)
    shares = _shares(fractions or _FRACTIONS)
    parts = _part_names(names, len(shares))
    kept = replace(reading, options=reading.options.model_copy(update={"keep_fields": group_by is not None}))
    try:
        examples = list(examples_of(source, kept))
    except DataError as error:
        return list_problems(error, reading)
    key = None if group_by is None else data.key_of(group_by)
    cut: dict[str, list[Example]] = {}
    if folds is None:
        cut = dict(zip(parts, data.split(examples, shares, seed, key), strict=True))
    else:
        for number, (train, dev) in enumerate(data.folds(examples, folds, seed, key), start=1):
            cut |= {f"fold-{number}/train": train, f"fold-{number}/dev": dev}
    files = {name: output / f"{name}{writer.new_suffix}" for name in cut}
    for file in files.values():
        refuse_own_input(source, file)
    counts = {}
    for name, part in cut.items():
        file = files[name]
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{file.parent}: cannot be made: {error.strerror or error}") from error
        counts[str(file)] = data.write(file, part, writer.name)
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
