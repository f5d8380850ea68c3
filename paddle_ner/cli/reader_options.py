"""The options of every command that reads labelled data, and the ReadOptions that they make."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem
from pydantic import ValidationError

from paddle_ner.data import FORMATS, Policy, ReadOptions
from paddle_ner.errors import InputError


@dataclass(frozen=True, slots=True)
class Reading:
    """How the user wants the file read."""

    format: str | None
    options: ReadOptions
    policy: Policy


class FormatName(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """The name of a format. Those of other packages are looked up only once a command line is read."""

    name = "format"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name, if there is such a format."""
        if value not in FORMATS:
            self.fail(f"{value!r} is not one of {', '.join(FORMATS)}", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The names that begin so."""
        return [CompletionItem(name) for name in FORMATS if name.startswith(incomplete)]


def _names(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(name.strip() for name in value.split(",") if name.strip())


def _mapping(_: click.Context, __: click.Parameter, value: str | None) -> dict[str, str]:
    pairs = [] if value is None else [pair.partition("=") for pair in value.split(",")]
    for old, mark, new in pairs:
        if not (old.strip() and mark and new.strip()):
            raise click.BadParameter(f"{old}{mark}{new}, expected OLD=NEW,OLD=NEW, such as nr=PER,ns=LOC,nt=ORG")
    return {old.strip(): new.strip() for old, _, new in pairs}


def _field(_: click.Context, __: click.Parameter, value: str | None) -> str | int | None:
    return int(value) if value is not None and value.isascii() and value.isdigit() else value


def _tab(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    return "\t" if value in ("\\t", "tab") else value


_OPTIONS = (
    click.option("--format", type=FormatName(), help="By default: by the content. `paddle-ner data -h` lists them."),
    click.option("--encoding", default="utf-8", show_default=True, help="Such as gb18030."),
    click.option("--strict", is_flag=True, help="Stop at the first bad record."),
    click.option("--skip-bad", is_flag=True, help="Leave bad records out, and say how many."),
    click.option("--label-map", callback=_mapping, metavar="OLD=NEW,…", help="New names of labels."),
    click.option("--labels", "allowed_labels", callback=_names, metavar="NAME,…", help="A record with another is bad."),
    click.option("--label-file", type=click.Path(path_type=Path), help="Names of labels that are indices, one a line."),
    click.option("--overlaps", type=click.Choice(["report", "allow"]), help="Overlapping entities are bad, or kept."),
    click.option("--multi-label/--single-label", default=None, help="By default: as the file writes labels."),
    click.option("--text-field", callback=_field, help="Key, column name or column number (from 1) of the text."),
    click.option("--label-field", callback=_field, help="The same, of the label."),
    click.option("--id-field", callback=_field, help="The same, of the id."),
    click.option("--header/--no-header", default=None, help="csv, tsv: whether the first row names the columns."),
    click.option("--delimiter", callback=_tab, help="csv, tsv: one character, or tab."),
    click.option(
        "--quotes", type=click.Choice(["csv", "literal"]), help="csv, tsv: quotes enclose cells, or are text."
    ),
    click.option("--label-separator", help="csv, tsv: what stands between several labels of one cell."),
    click.option("--tag-column", type=click.Choice(["first", "last"]), help="conll: where the tag stands."),
    click.option(
        "--tag-scheme", type=click.Choice(["BIO", "BIOES", "BMES", "BMEWO", "BILOU"]), help="conll: only its tags."
    ),
    click.option("--token-joiner", help="conll: what stands between tokens in the text; by default nothing."),
)


def reader_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a click command the options of reading; it receives them as one `reading: Reading`."""

    @functools.wraps(command)
    def wrapper(*arguments: Any, format: str | None, strict: bool, skip_bad: bool, **values: Any) -> Any:
        given = {name: values.pop(name) for name in ReadOptions.model_fields if name in values}
        reading = Reading(
            format,
            _read_options({name: value for name, value in given.items() if value is not None}),
            _policy(strict, skip_bad),
        )
        return command(*arguments, reading=reading, **values)

    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return wrapper


def _read_options(values: dict[str, Any]) -> ReadOptions:
    try:
        return ReadOptions(**values)
    except ValidationError as error:
        raise InputError(error.errors()[0]["msg"].removeprefix("Value error, ")) from error


def _policy(strict: bool, skip_bad: bool) -> Policy:
    if strict and skip_bad:
        raise InputError("--strict and --skip-bad exclude each other, expected one of them")
    return "strict" if strict else "skip" if skip_bad else "report"
