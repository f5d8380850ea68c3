"""Options of the commands that run a model: engine, device, precision, threads, min score, terms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from paddle_ner.errors import InputError
from paddle_ner.inference.engines import AUTO, ENGINES, Precision
from paddle_ner.tasks.min_score import parse
from paddle_ner.tasks.terms import Mode

F = TypeVar("F", bound=Callable[..., object])

_OPTIONS = (
    click.option(
        "--engine",
        type=click.Choice([AUTO, *ENGINES]),
        default="auto",
        show_default=True,
        help="What runs the graph; auto takes the bundle's, tensorrt needs a GPU.",
    ),
    click.option("--device", default="cpu", show_default=True, help="cpu, gpu or gpu:N."),
    click.option(
        "--precision",
        type=click.Choice([AUTO, *get_args(Precision)]),
        default="auto",
        show_default=True,
        help="Precision of the arithmetic; auto takes the bundle's.",
    ),
    click.option("--threads", type=click.IntRange(1), help="CPU threads of an engine; by default all cores."),
)


def engine_options(command: F) -> F:
    """Give `command` the arguments `engine`, `device`, `precision` and `threads`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


class _Scores(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """A number, or numbers by entity type, as a mapping."""

    name = "score"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See `paddle_ner.tasks.min_score.parse`."""
        try:
            return parse(value) if isinstance(value, str) else value
        except InputError as error:
            self.fail(str(error), param, ctx)


min_score_option = click.option(
    "--min-score",
    type=_Scores(),
    metavar="SCORE",
    help="Leave out entities with a lower score: 0.5, by type PER=0.6,LOC=0.4, or 0.5,LOC=0.4 with 0.5 for the others.",
)


def terms_options(command: F) -> F:
    """Give `command` the arguments `terms` and `terms_mode`."""
    mode = click.option(
        "--terms-mode",
        type=click.Choice(get_args(Mode)),
        help="before: a term replaces what the model finds there; after: it does not. By default the bundle's, or"
        " before.",
    )
    file = click.option(
        "--terms",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Terms that are added to what the model finds, one per line: a term, a tab, its type. By default those of"
        " the bundle.",
    )
    return file(mode(command))
