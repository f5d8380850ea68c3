"""``--set key.path=value``: overrides of a config, and the messages for wrong values."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from paddle_ner.config.text import parse_yaml
from paddle_ner.errors import InputError

_NEAR = 0.7
"""How like a key must be to be what was perhaps meant, from 0 to 1."""
_LONG = 4
"""Characters from which on a part of a key tells which one was perhaps meant."""

_ENCODER = ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_dropout_prob")
"""Fields of `model.encoder`, which is PaddleNLP's, that people set."""


def apply(record: dict[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """A copy of a config as plain data, with the overrides in it. Raises InputError for one that is not key=value."""
    changed = copy.deepcopy(record)
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key:
            raise InputError(f"--set {override}: expected KEY=VALUE, such as training.batch_size=64")
        *parents, last = key.split(".")
        section = changed
        for parent in parents:
            if section.get(parent) is None:
                section[parent] = {}
            inner = section[parent]
            if not isinstance(inner, dict):
                raise InputError(f"--set {override}: {parent} is not a section")
            section = inner
        section[last] = parse_yaml(text, f"--set {override}")
    return changed


def explain(error: ValidationError, model: type[BaseModel], record: Any, origin: str, overrides: Sequence[str]) -> str:
    """A line for each wrong field of a config: where it was given, what is wrong, what was perhaps meant.

    Args:
        error: of pydantic.
        model: the class that should have been created.
        record: the config before the overrides.
        origin: its file.
        overrides: the overrides that were applied to it.
    """
    without = _wrong(model, record) if overrides else set()
    lines: dict[str, None] = {}
    for detail in error.errors():
        names = [str(part) for part in detail["loc"]]
        place = origin if (detail["loc"], detail["msg"]) in without else _source(names, origin, overrides)
        if detail["type"] == "extra_forbidden":
            lines[f"{place}: {_unknown(names, model)}"] = None
        elif detail["type"] == "model_type":
            key = next((key for key in _keys(model) if key.startswith(".".join([*names, ""]))), "name")
            lines[f"{place}: {'.'.join(names) or 'config'}: is a section, expected values in it, such as {key}"] = None
        else:
            said = detail["msg"].removeprefix("Value error, ")  # what pydantic puts before the words of a validator
            lines[": ".join(filter(None, (place, ".".join(names), said)))] = None
    return "\n".join(lines)


def _wrong(model: type[BaseModel], record: Any) -> set[tuple[tuple[int | str, ...], str]]:
    """The wrong fields of a config without its overrides."""
    try:
        model.model_validate(record)
    except ValidationError as error:
        return {(detail["loc"], detail["msg"]) for detail in error.errors()}
    return set()


def _source(names: Sequence[str], origin: str, overrides: Sequence[str]) -> str:
    """The last override of the field, of a section around it or of a field in it; otherwise the file."""
    for override in reversed(overrides):
        given = override.partition("=")[0].split(".")
        shorter = min(len(given), len(names))
        if given[:shorter] == list(names[:shorter]):
            return f"--set {override}"
    return origin


def _unknown(names: Sequence[str], model: type[BaseModel]) -> str:
    """Say that a key is unknown, with the key that was perhaps meant."""
    wrong, last = ".".join(names), names[-1]
    known = [*_keys(model), *(f"model.encoder.{name}" for name in _ENCODER)]
    within = [key for key in known if len(names) == 1 or key.startswith(f"{names[0]}.")]
    near = difflib.get_close_matches(last, {_last(key) for key in within}, n=1, cutoff=_NEAR)
    close = (
        [key for key in within if _last(key) == last]
        or [key for key in within if "".join(word[0] for word in _last(key).split("_")) == last]  # lr
        or [key for key in within if _last(key) in near]
        or [key for key in within if len(last) >= _LONG and last in _last(key)]
        or [key for key in known if _last(key) == last]
    )
    return f"{wrong}: unknown key" + (f"; did you mean {' or '.join(close[:3])}?" if close else "")


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The dotted names of all fields."""
    for name, field in model.model_fields.items():
        yield prefix + name
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _keys(part, f"{prefix}{name}.")
