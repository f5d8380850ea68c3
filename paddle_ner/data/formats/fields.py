"""The fields of a JSON object, each of the required type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_WRITTEN = re.compile(r"\s*(\[\s*([\[({].*)?\]|\[\s*(['\"].*['\"]|\d+)\s*\]|\{\s*['\"].*\})\s*", re.DOTALL)
"""A list or an object that was written as a string."""
_LISTED = 3
"""How many of the possible names of a field a message lists."""


class Misfit(ValueError):
    """A field is absent or of the wrong type; the message says what was expected."""


def text_of(record: dict[str, Any], names: Sequence[str]) -> str:
    """The text under the first of `names` that the record has."""
    for name in names:
        if name in record:
            if not isinstance(record[name], str):
                raise Misfit(f'"{name}" is {shown(record[name])}, expected a string')
            return str(record[name])
    known = " or ".join(f'"{name}"' for name in names[:_LISTED]) + (" or the like" if len(names) > _LISTED else "")
    raise Misfit(f"no text: the keys are {', '.join(record) or 'none'}, expected {known} (--text-field names another)")


def id_of(record: dict[str, Any], name: str) -> str | int | None:
    """The record's id as it is written."""
    value = record.get(name)
    if value is None or (isinstance(value, str | int) and not isinstance(value, bool)):
        return value
    raise Misfit(f'"{name}" is {shown(value)}, expected a string or a number')


def label_of(value: Any, name: str) -> str:
    """One class name; an integer is kept as it is written, so that label_file can name it."""
    if isinstance(value, str):
        if _WRITTEN.fullmatch(value):
            raise Misfit(f'"{name}" is {shown(value)}, expected a label name, or a list that is no string')
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Misfit(f'"{name}" is {shown(value)}, expected a label name')


def labels_of(value: Any, name: str) -> tuple[str, ...]:
    """Several class names."""
    if not isinstance(value, list):
        raise Misfit(f'"{name}" is {shown(value)}, expected an array of label names')
    return tuple(label_of(label, name) for label in value)


def offset_of(value: Any, name: str) -> int:
    """A code point offset."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Misfit(f'"{name}" is {shown(value)}, expected a whole number of code points')
    return value


def others(record: dict[str, Any], *taken: str) -> dict[str, Any]:
    """The fields of a record other than the keys that were read and the answers of an earlier model."""
    return {key: value for key, value in record.items() if key not in taken and key != "scores"}


def shown(value: Any) -> str:
    """A value in a message, cut short."""
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
