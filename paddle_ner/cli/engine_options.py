"""Options of the commands that run a model: --engine, --device, --precision, --threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, get_args

import click

from paddle_ner.inference.engines import AUTO, ENGINES, Precision

F = TypeVar("F", bound=Callable[..., object])

_OPTIONS = (
    click.option(
        "--engine",
        type=click.Choice([AUTO, *ENGINES]),
        default="auto",
        show_default=True,
        help="What runs the graph; auto is what the bundle says, tensorrt needs a GPU.",
    ),
    click.option("--device", default="cpu", show_default=True, help="cpu, gpu or gpu:N."),
    click.option(
        "--precision",
        type=click.Choice([AUTO, *get_args(Precision)]),
        default="auto",
        show_default=True,
        help="Of the arithmetic; auto is what the bundle says.",
    ),
    click.option("--threads", type=click.IntRange(1), help="CPU threads of an engine; all cores where not given."),
)


def engine_options(command: F) -> F:
    """Give `command` the arguments `engine`, `device`, `precision` and `threads`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
