"""``paddle-ner data augment``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
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
    seed_option,
    to_option,
)
from paddle_ner.cli.model_options import FiniteRange
from paddle_ner.cli.reader_options import Reading, reader_options, refuse_own_input
from paddle_ner.data import augmenting
from paddle_ner.data.augmenting import Change
from paddle_ner.errors import DataError, InputError
from paddle_ner.types import Example

_SHARE = FiniteRange(0, min_open=True)


@click.command(cls=WithFormats)
@click.argument("source", type=PATH)
@click.argument("target", type=PATH)
@click.option("--entities", type=_SHARE, metavar="SHARE", help="New texts with other entities of the same types.")
@click.option("--table", type=PATH, help="Words that mean the same, on a line each, separated by tabs.")
@click.option("--words", type=_SHARE, metavar="SHARE", help="New texts with other words of --table; by default 0.5.")
@click.option(
    "--noise", type=_SHARE, metavar="SHARE", help="New texts with characters lost, doubled, swapped or wrong."
)
@click.option(
    "--noise-rate",
    type=FiniteRange(0, 1, min_open=True),
    default=0.05,
    show_default=True,
    help="Share of the characters of a text that --noise changes, one at least.",
)
@click.option(
    "--dev", "held_out", type=PATH, multiple=True, help="File whose texts are not to be made; may be repeated."
)
@click.option("--only-new", is_flag=True, help="Leave those of SOURCE out of TARGET.")
@seed_option
@to_option
@json_option
@reader_options
def augment(
    source: Path,
    target: Path,
    entities: float | None,
    table: Path | None,
    words: float | None,
    noise: float | None,
    noise_rate: float,
    held_out: Sequence[Path],
    only_new: bool,
    seed: int,
    to: str | None,
    as_json: bool,
    reading: Reading,
) -> int:
    """Write SOURCE and new texts made of it to TARGET, for training alone.

    A SHARE says how many characters are made, as a share of those of SOURCE. What is made is labelled as what it was
    made of, is called ID+entities, ID+words or ID+noise, and never repeats a text.
    """
    if words is not None and table is None:
        raise InputError("--words needs --table FILE with words that mean the same")
    if table is not None and words is None:
        words = 0.5
    if not (entities or words or noise):
        raise InputError("nothing to make: name --entities SHARE, --table FILE or --noise SHARE")
    if as_json and str(target) == "-":
        raise InputError("--json writes to the standard output, and so does TARGET -: leave one out")
    writer = data.writer_of(target, to)
    for path in (source, *held_out, *([table] if table else [])):
        refuse_own_input(path, target)
    try:
        examples = list(examples_of(source, reading))
        avoid = {example.text for path in held_out for example in examples_of(path, reading)}
    except DataError as error:
        return list_problems(error, reading)
    if entities and not any(example.entities for example in examples):
        raise InputError(f"{source}: no entities in it, so --entities has nothing to replace")
    changes: list[tuple[str, float, Change]] = []
    if entities:
        changes.append(("entities", entities, augmenting.other_entities(examples)))
    if words and table is not None:
        changes.append(("words", words, augmenting.other_words(augmenting.read_table(table))))
    if noise:
        changes.append(("noise", noise, augmenting.noise(examples, noise_rate)))
    written = [] if only_new else list(examples)
    counts = {} if only_new else {"source": len(examples)}
    for name, share, change in changes:
        made = list(_named(examples, augmenting.make(examples, change, share, seed, avoid), name))
        counts[name] = len(made)
        written += made
    data.write(target, written, writer.name)
    if as_json:
        print_json({"path": str(target), "seed": seed, "examples": counts})
    else:
        shown = ", ".join(f"{name} {number:,}" for name, number in counts.items())
        (err if str(target) == "-" else out).print(Text(f"{target}: {count_of(len(written))} ({shown})"))
    return 0


def _named(examples: Sequence[Example], made: Iterator[tuple[int, Example]], name: str) -> Iterator[Example]:
    """What was made, with an id that says of what: its id, or its number in the file."""
    times: dict[int, int] = {}
    for index, example in made:
        times[index] = times.get(index, 0) + 1
        own = index + 1 if examples[index].id is None else examples[index].id
        yield replace(example, id=f"{own}+{name}{'' if times[index] == 1 else times[index]}")
