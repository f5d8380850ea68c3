"""``paddle-ner predict``: texts in, JSON lines out, in the same order."""

from __future__ import annotations

import dataclasses
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from paddle_ner.cli import console
from paddle_ner.cli.engine_options import engine_options
from paddle_ner.data.texts import read_texts
from paddle_ner.errors import InputError
from paddle_ner.inference import load
from paddle_ner.inference.predictor import CHUNK


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--output", "-o", type=click.Path(path_type=Path), help="File to write; by default standard output.")
@click.option(
    "--format",
    type=click.Choice(["text", "jsonl"]),
    help="text: one text a line; jsonl: objects with a text. By default: jsonl where the first line is an object.",
)
@engine_options
def command(model: Path, file: Path | None, output: Path | None, format: str | None, **engine: Any) -> None:
    """Label the texts of FILE, or of standard input, with MODEL. Each line in gives one line out."""
    with ExitStack() as stack:
        source, name, total = sys.stdin.buffer, "<stdin>", None
        if file is not None:
            try:
                source, name = stack.enter_context(file.open("rb")), str(file)
            except OSError as error:
                raise InputError(f"{file}: cannot be read: {error.strerror}") from None
            total = _lines(file)
        interactive = file is None and source.isatty()
        predictor = load(model, **engine)
        if interactive:
            console.err.print("one text a line, Ctrl-D ends")
        target = sys.stdout if output is None else stack.enter_context(output.open("w", encoding="utf-8"))
        ids: deque[str | None] = deque()

        def texts() -> Iterator[str]:
            for example in read_texts(source, name, format):
                ids.append(example.id)
                yield example.text

        answers = predictor.stream(texts(), chunk=1 if interactive else CHUNK)
        if not interactive and not (output is None and sys.stdout.isatty()):
            answers = console.track(answers, "predicting", total)
        for answer in answers:
            target.write(dataclasses.replace(answer, id=ids.popleft()).to_json() + "\n")
            if interactive:
                target.flush()


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
