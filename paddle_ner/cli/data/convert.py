"""``paddle-ner data convert``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.text import Text

from paddle_ner import data
from paddle_ner.cli.console import err, out, print_json
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


@click.command(cls=WithFormats)
@click.argument("source", type=PATH)
@click.argument("target", type=PATH)
@to_option
@json_option
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
    refuse_own_input(source, target)
    try:
        count = data.write(target, examples_of(source, reading), writer.name)
    except DataError as error:
        return list_problems(error, reading)
    if as_json:
        print_json({"path": str(target), "examples": count})
    else:
        (err if to_output else out).print(Text(f"{target}: {count_of(count)}"))
    return 0
