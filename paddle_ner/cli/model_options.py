"""Options of the command line from the pydantic model that defines them: one source of default, limits and help."""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
import click
from click.shell_completion import CompletionItem
from pydantic import BaseModel
from pydantic.fields import FieldInfo

Command = Callable[..., Any]


def model_options(model: type[BaseModel], *, without: Iterable[str] = ()) -> Callable[[Command], Command]:
    """Give a click command an option for each field of `model`, except those in `without`.

    The command receives the values by the names of the fields; a field that was not given on the command line is left
    out, so that the model's own default applies. A field may say more about its option in
    ``json_schema_extra={"cli": {...}}``: ``flag`` (its name), ``metavar``, ``envvar``, and ``split`` for a tuple that
    is a single value separated by commas instead of a repeated option.
    """
    left_out = set(without)
    fields = {name: field for name, field in model.model_fields.items() if name not in left_out}

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def wrapper(*arguments: Any, **values: Any) -> Any:
            return command(*arguments, **{name: value for name, value in values.items() if not _is_absent(name, value)})

        def _is_absent(name: str, value: Any) -> bool:
            return name in fields and (value is None or value == ())

        decorated: Command = wrapper
        for name, field in reversed(fields.items()):
            decorated = option(name, field)(decorated)
        return decorated

    return decorate


def option(name: str, field: FieldInfo) -> Callable[[Command], Command]:
    """The click option of one field."""
    extra = field.json_schema_extra
    said: Mapping[str, Any] = extra.get("cli", {}) if isinstance(extra, dict) else {}  # type: ignore[assignment]
    flag = said.get("flag") or "--" + name.replace("_", "-")
    settings: dict[str, Any] = {"default": None, "help": _help(field)}
    settings |= {key: said[key] for key in ("metavar", "envvar") if key in said}
    if "envvar" in said:
        settings["show_envvar"] = True
    kind, optional = _without_none(field.annotation)
    if kind is bool:
        if optional:
            return click.option(f"{flag}/{said.get('opposite') or '--no-' + flag[2:]}", name, **settings)
        return click.option(flag, name, is_flag=True, **settings)
    if get_origin(kind) is tuple and not said.get("split"):
        kind, settings["multiple"] = get_args(kind)[0], True
        settings["default"] = ()
    return click.option(flag, name, type=_type(kind, field.metadata, said), **settings)


def _help(field: FieldInfo) -> str:
    """The description, with the default if that is a value."""
    text = field.description or ""
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    if default is None or isinstance(default, bool) or default in ("", (), {}):
        return text
    return f"{text}  [default: {default}]"


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """The type of a value, and whether it may be None."""
    if get_origin(annotation) is Annotated:
        return _without_none(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
        optional = len(kinds) < len(get_args(annotation))
        literals = [value for kind in kinds if get_origin(kind) is Literal for value in get_args(kind)]
        if literals and len(kinds) == sum(get_origin(kind) is Literal for kind in kinds):
            return Literal[tuple(literals)], optional
        return (kinds[0] if len(kinds) == 1 else Union[tuple(kinds)]), optional  # noqa: UP007
    return annotation, False


def _type(kind: Any, metadata: Iterable[Any], said: Mapping[str, Any]) -> click.ParamType:  # type: ignore[type-arg]
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) is Literal:
        return click.Choice([str(value) for value in get_args(kind)])
    if get_origin(kind) is tuple:
        return Names()
    if isinstance(get_origin(kind), type) and issubclass(get_origin(kind), Mapping):
        return Renamings()
    if kind in (int, float):
        return _number(kind, metadata)
    if kind is Path:
        return click.Path(path_type=Path)
    if get_origin(kind) in (Union, types.UnionType) and set(get_args(kind)) == {int, str}:
        return NameOrNumber()
    return Character() if said.get("character") else click.STRING


def _number(kind: type, metadata: Iterable[Any]) -> click.ParamType:  # type: ignore[type-arg]
    bounds: dict[str, Any] = {}
    for bound in metadata:
        if isinstance(bound, annotated_types.Ge | annotated_types.Gt):
            bounds |= {"min": getattr(bound, "ge", getattr(bound, "gt", None))}
            bounds |= {"min_open": True} if isinstance(bound, annotated_types.Gt) else {}
        elif isinstance(bound, annotated_types.Le | annotated_types.Lt):
            bounds |= {"max": getattr(bound, "le", getattr(bound, "lt", None))}
            bounds |= {"max_open": True} if isinstance(bound, annotated_types.Lt) else {}
    return click.IntRange(**bounds) if kind is int else FiniteRange(**bounds)


class FiniteRange(click.FloatRange):
    """A number in a range; click's own type takes nan for one in every range, and inf where there is no upper limit."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, checked."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{number} is no finite number", param, ctx)
        return number


class Names(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """``NAME,NAME`` as a tuple."""

    name = "name,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Split a text at its commas."""
        if not isinstance(value, str):
            return value
        names = tuple(name.strip() for name in value.split(","))
        if not all(names):
            self.fail(f"{value!r} has an empty part, expected one or more separated by commas", param, ctx)
        return names


class Renamings(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """``OLD=NEW,OLD=NEW`` as a mapping."""

    name = "old=new,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Split a text at its commas and each part at its equals sign."""
        if not isinstance(value, str):
            return value
        renamings: dict[str, str] = {}
        for pair in value.split(","):
            old, mark, new = pair.partition("=")
            if not (old.strip() and mark and new.strip()):
                self.fail(f"{pair}, expected OLD=NEW,OLD=NEW, such as nr=PER,ns=LOC,nt=ORG", param, ctx)
            renamings[old.strip()] = new.strip()
        return renamings


class NameOrNumber(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """A name, or a number if it is written in digits."""

    name = "name or number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Digits as a number."""
        return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


class Character(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """One character; a tab may be written as ``tab`` or ``\\t``."""

    name = "character"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        r"""``tab`` and ``\t`` as the character."""
        return "\t" if value in ("\\t", "tab") else value


class PartName(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.3 on
    """The name of a part of a registry. Parts of other packages are looked up only once a command line is read."""

    name = "name"

    def __init__(self, registry: Mapping[str, Any], *more: str) -> None:
        self._registry, self._more = registry, more

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name, if there is such a part."""
        if value not in self._more and value not in self._registry:
            self.fail(f"{value!r} is not one of {', '.join((*self._more, *self._registry))}", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The names that begin with what was typed."""
        return [CompletionItem(name) for name in (*self._more, *self._registry) if name.startswith(incomplete)]
