"""``paddle-ner predict``: texts in, JSON lines out, in the same order."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import click

from paddle_ner.cli import console
from paddle_ner.cli.engine_options import engine_options
from paddle_ner.errors import DataError, InputError, Problem
from paddle_ner.inference import load
from paddle_ner.inference.predictor import CHUNK
from paddle_ner.types import Example


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
            for example in _examples(source, name, format):
                ids.append(example.id)
                yield example.text

        answers = predictor.stream(texts(), chunk=1 if interactive else CHUNK)
        if not interactive and not (output is None and sys.stdout.isatty()):
            answers = console.track(answers, "predicting", total)
        for answer in answers:
            record = dataclasses.replace(answer, id=ids.popleft()).to_dict()
            target.write(json.dumps(record, ensure_ascii=False) + "\n")
            if interactive:
                target.flush()


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


def _examples(source: IO[bytes], name: str, format: str | None) -> Iterator[Example]:
    """One example a line. Raises DataError with ``path:line`` at the first line that cannot be read."""
    for number, raw in enumerate(source, 1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            problem = f"not UTF-8 at byte {error.start + 1}: convert the file, for example with iconv -t utf-8"
            raise DataError([Problem(name, number, problem)]) from None
        if format is None:
            format = "jsonl" if line.lstrip().startswith("{") else "text"
        if format == "text":
            yield Example(line)
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise DataError([Problem(name, number, f'not JSON ({error}), expected {{"text": "…"}}')]) from None
        if not isinstance(record, dict) or not isinstance(record.get("text"), str):
            raise DataError([Problem(name, number, 'expected an object with a string "text"')])
        yield Example(record["text"], id=None if record.get("id") is None else str(record["id"]))
