"""``paddle-ner data sample``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from paddle_ner import data
from paddle_ner.cli.console import err, out, print_json, track, warn
from paddle_ner.cli.data.common import PATH, WithFormats, count_of, json_option, list_problems, to_option
from paddle_ner.cli.engine_options import engine_options
from paddle_ner.cli.reader_options import Reading, refuse_own_input, text_reader_options
from paddle_ner.data import Record
from paddle_ner.data.writing import write_records
from paddle_ner.errors import DataError, InputError
from paddle_ner.types import Example


@click.command(cls=WithFormats)
@click.argument("source", type=PATH)
@click.argument("target", type=PATH)
@click.option("--model", default="default", show_default=True, type=PATH, help="Bundle or checkpoint that doubts.")
@click.option("--count", "-n", default=100, show_default=True, type=click.IntRange(1), help="How many texts to take.")
@click.option("--labelled", type=PATH, multiple=True, help="File of what is labelled already; may be repeated.")
@click.option("--pre-annotate", is_flag=True, help="Write what the model says of each text too, to be corrected.")
@to_option
@json_option
@text_reader_options
@engine_options
def sample(
    source: Path,
    target: Path,
    model: Path,
    count: int,
    labelled: Sequence[Path],
    pre_annotate: bool,
    to: str | None,
    as_json: bool,
    reading: Reading,
    **options: Any,
) -> int:
    """Write the texts of SOURCE that are most worth labelling next to TARGET, the best first.

    Those that the model doubts most, unlike each other and unlike what is labelled. SOURCE may be anything that
    `predict` reads; its labels, if it has any, are not looked at. The doubt of each text, from 0 (sure) to 1, and where
    it was read are written under "meta".
    """
    from paddle_ner.inference import load
    from paddle_ner.inference.default import resolved
    from paddle_ner.inference.selecting import Chosen, select

    if as_json and str(target) == "-":
        raise InputError("--json writes to the standard output, and so does TARGET -: leave one out")
    writer = data.writer_of(target, to)
    for path in (source, *labelled):
        refuse_own_input(path, target)
    try:
        known = [example.text for path in labelled for example in _texts(path, reading)]
        predictor = load(resolved(model, warn), **options)
        chosen = select(predictor, track(_texts(source, reading), f"reading {source.name}"), count, known)
    except DataError as error:
        return list_problems(error, reading)
    if not chosen:
        raise InputError(f"{source}: no text in it that is not labelled already")

    def record(selected: Chosen) -> Record:
        example = Example(selected.example.text, id=selected.example.id)
        meta = selected.example.fields.get("meta")
        own = dict(meta) if isinstance(meta, Mapping) else {}
        fields = {"meta": {**own, "doubt": round(selected.doubt, 4), "origin": selected.example.origin}}
        return Record(selected.prediction if pre_annotate else example, selected.example.origin, fields, str(model))

    written = write_records(target, map(record, chosen), writer)
    if as_json:
        print_json({"path": str(target), "texts": written, "doubt": [round(selected.doubt, 4) for selected in chosen]})
    else:
        least, most = (end(selected.doubt for selected in chosen) for end in (min, max))
        said = f"{target}: {count_of(written, 'text')}, which the model doubts by {least:.2f} to {most:.2f}"
        (err if str(target) == "-" else out).print(Text(said))
    return 0


def _texts(path: Path, reading: Reading) -> Iterator[Example]:
    texts = data.unlabelled(path, reading.format, options=reading.options, log=warn)
    return data.follow(path, texts, reading.policy, warn)
