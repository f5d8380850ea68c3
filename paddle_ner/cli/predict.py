"""``paddle-ner predict``: texts of any format in, labelled records of any format out, in the same order."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click

from paddle_ner import data
from paddle_ner.cli import console
from paddle_ner.cli.engine_options import engine_options, min_score_option, terms_options
from paddle_ner.cli.reader_options import Reading, refuse_own_input, text_reader_options
from paddle_ner.data import WRITERS, Record, Writer
from paddle_ner.data.records import Rejected
from paddle_ner.data.source import has_wildcard, is_standard_input
from paddle_ner.data.writing import write_records, written
from paddle_ner.errors import InputError
from paddle_ner.inference import DEFAULT, load
from paddle_ner.inference.default import resolved
from paddle_ner.inference.labelling import label
from paddle_ner.types import Example

_STANDARD_INPUT = Path("-")


@click.command()
@click.argument("model", default=Path(DEFAULT), type=click.Path(path_type=Path))
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--output", "-o", type=click.Path(path_type=Path), help="File to write; by default standard output.")
@click.option(
    "--format",
    "--to",
    "to",
    metavar="NAME",
    help="Format to write: jsonl, json-array, conll, bioes, csv, tsv, doccano, label-studio, brat, spacy, docbin, html."
    " By default: by the name of"
    " --output, jsonl on standard output.",
)
@min_score_option
@terms_options
@text_reader_options
@engine_options
def command(
    model: Path, file: Path | None, output: Path | None, to: str | None, reading: Reading, **options: Any
) -> None:
    """Label the texts of FILE with MODEL. Each text becomes a record, with its id and other fields unchanged.

    Without MODEL, or with "default", the model that comes with the package labels persons, places and organizations.
    FILE has any format that `paddle-ner data` reads; - or no FILE is the standard input. Plain text is labelled line by
    line, including empty lines. All records are read before the first is labelled: if some are bad, or cannot be
    written to the target, all of these are listed as path:line, and nothing is written.
    """
    model, file = _model_and_file(model, file)
    writer = data.writer_of(output, _written_format(to))
    if is_standard_input(file) and sys.stdin is not None and sys.stdin.isatty() and reading.format is None:
        _label_typed(model, writer, output, options)
        return
    if output is not None:
        refuse_own_input(file, output)
    total, fields = _survey(file, reading, writer)

    def records() -> Iterator[Record]:
        predictor = load(model, **options)
        labelled = label(predictor, _texts(file, reading, writer), fields if writer.same_fields else ())
        return (
            console.track(labelled, "predicting", total) if output is not None or not sys.stdout.isatty() else labelled
        )

    if writer.to_path is not None and output is not None:
        write_records(output, records(), writer)
        return
    with _target(output) as stream:
        writer.write(records(), stream)


def _model_and_file(model: Path, file: Path | None) -> tuple[Path, Path]:
    """The model to run and the file to read, of which either may be left out: a file is not a model."""
    if file is None and (is_standard_input(model) or model.is_file() or has_wildcard(model)):
        model, file = Path(DEFAULT), model
    if file is None and str(model) != DEFAULT and not model.exists():
        raise InputError(f"{model}: no such file or folder, expected a model, or a file to label")
    return resolved(model, console.log), file or _STANDARD_INPUT


def _written_format(name: str | None) -> str | None:
    if name in data.FORMATS and name not in WRITERS:
        raise InputError(f"format {name} is read, not written: --input-format {name} says what FILE is")
    return name


def _survey(file: Path, reading: Reading, writer: Writer) -> tuple[int, tuple[str, ...]]:
    """How many texts a file has, and their other fields. Raises DataError with everything that is wrong with it."""
    total = 0
    fields: dict[str, None] = {}
    for example in _texts(file, reading, writer, say=True):
        total += 1
        fields |= dict.fromkeys([*([] if example.id is None else ["id"]), *example.fields])
    if not total:
        raise InputError(f"{file}: no text in it that can be read")
    return total, tuple(fields)


def _texts(file: Path, reading: Reading, writer: Writer, *, say: bool = False) -> Iterator[Example]:
    """The texts that can be read and written; what cannot be goes as `reading` says of bad records."""
    log = console.log if say else _silent
    records = data.unlabelled(file, reading.format, options=reading.options, log=log)
    return data.follow(file, (_writable(record, writer) for record in records), reading.policy, log)


def _writable(record: Example | Rejected, writer: Writer) -> Example | Rejected:
    if isinstance(record, Rejected):
        return record
    fault = writer.text_fault(record.text, record.fields)
    if fault is None:
        return record
    path, _, line = record.origin.rpartition(":")
    return Rejected.at(path, int(line), f"{fault}, or leave it out with --skip-bad")


def _silent(_: str) -> None:
    """Ignore messages that were already printed when the file was read the first time."""


@contextmanager
def _target(output: Path | None) -> Iterator[IO[str]]:
    if output is not None:
        with written(output) as stream:
            yield stream
        return
    if sys.stdout is None:
        raise InputError("standard output is closed, name a file with --output")
    yield sys.stdout
    sys.stdout.flush()


def _label_typed(model: Path, writer: Writer, output: Path | None, options: dict[str, Any]) -> None:
    """Answer each typed line at once."""
    with _target(output) as stream:
        predictor = load(model, **options)
        console.err.print("one text per line, Ctrl-D ends")
        typed = (Example(line.rstrip("\r\n"), origin=f"line {number}") for number, line in enumerate(sys.stdin, 1))

        def answers() -> Iterator[Record]:
            for record in label(predictor, typed, chunk=1):
                yield record
                stream.flush()

        writer.write(answers(), stream)
