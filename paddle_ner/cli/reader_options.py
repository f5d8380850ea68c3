"""The options of every command that reads labelled data, and the ReadOptions that they make."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import UnsupportedOperation
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from paddle_ner.cli import console
from paddle_ner.cli.model_options import PartName, model_options
from paddle_ner.data import FORMATS, Policy, ReadOptions, load
from paddle_ner.data.source import expand, is_standard_input
from paddle_ner.errors import InputError
from paddle_ner.types import Example


@dataclass(frozen=True, slots=True)
class Reading:
    """How the user wants the file read."""

    format: str | None
    options: ReadOptions
    policy: Policy

    def load(self, file: Path, *, overlapping: bool) -> list[Example]:
        """The examples of a labelled file for a model; if its entities may be `overlapping`, including such entities.

        Raises as `paddle_ner.data.load` does.
        """
        options = self.options.keeping_overlaps() if overlapping else self.options
        return load(file, self.format, options=options, policy=self.policy, log=console.log)


_FORMAT_HELP = "Format of the input. By default: by the content. `paddle-ner data -h` lists them."
_OPTIONS = (
    click.option("--strict", is_flag=True, help="Stop at the first bad record."),
    click.option("--skip-bad", is_flag=True, help="Leave bad records out, and say how many."),
)


def reader_options(command: Callable[..., Any], format_option: str = "--format") -> Callable[..., Any]:
    """Give a click command the options of reading; it receives them as one `reading: Reading`."""

    @functools.wraps(command)
    def wrapper(*arguments: Any, read_format: str | None, strict: bool, skip_bad: bool, **values: Any) -> Any:
        given = {name: values.pop(name) for name in ReadOptions.model_fields if name in values}
        reading = Reading(read_format, _read_options(given), _policy(strict, skip_bad))
        return command(*arguments, reading=reading, **values)

    decorated: Callable[..., Any] = model_options(ReadOptions, without=("texts_only", "keep_fields"))(wrapper)
    format = click.option(format_option, "read_format", type=PartName(FORMATS), help=_FORMAT_HELP)
    for option in (*reversed(_OPTIONS), format):
        decorated = option(decorated)
    return decorated


def text_reader_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a command that reads texts to label and writes files: its ``--format`` is the format to write."""
    return reader_options(command, "--input-format")


def _read_options(values: dict[str, Any]) -> ReadOptions:
    try:
        return ReadOptions(**values)
    except ValidationError as error:
        raise InputError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error


def _policy(strict: bool, skip_bad: bool) -> Policy:
    if strict and skip_bad:
        raise InputError("--strict and --skip-bad exclude each other, expected one of them")
    return "strict" if strict else "skip" if skip_bad else "report"


def refuse_own_input(file: Path, output: Path) -> None:
    """Raise InputError where `output` is a file that is read, by whatever name."""
    if not output.is_file():
        return
    if is_standard_input(file):
        try:
            same = sys.stdin is not None and os.path.samestat(os.fstat(sys.stdin.fileno()), output.stat())
        except UnsupportedOperation:  # it is no file of the system
            same = False
    else:
        same = any(path.exists() and path.samefile(output) for path in expand(file))
    if same:
        raise InputError(f"{output}: is the file that is read; name another output")
