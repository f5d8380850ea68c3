"""A JSON object with named fields, as canonical JSON lines and JSON arrays hold it, to a draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddle_ner.data.records import Draft, Span


class Misfit(ValueError):
    """A field is absent or of the wrong kind; the message says what was expected."""


def text_of(record: dict[str, Any], names: Sequence[str]) -> str:
    """The text under the first of `names` that the record has."""
    for name in names:
        if name in record:
            if not isinstance(record[name], str):
                raise Misfit(f'"{name}" is {shown(record[name])}, expected a string')
            return str(record[name])
    known = " or ".join(f'"{name}"' for name in names)
    raise Misfit(f"no text: the keys are {', '.join(record) or 'none'}, expected {known} (text_field names another)")


def id_of(record: dict[str, Any], name: str) -> str | int | None:
    """The record's id as it is written."""
    value = record.get(name)
    if value is None or (isinstance(value, str | int) and not isinstance(value, bool)):
        return value
    raise Misfit(f'"{name}" is {shown(value)}, expected a string or a number')


def label_of(value: Any, name: str) -> str:
    """One class name; a whole number is taken as it is written, for label_file to name."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Misfit(f'"{name}" is {shown(value)}, expected a label name')


def labels_of(value: Any, name: str) -> tuple[str, ...]:
    """Several class names."""
    if not isinstance(value, list):
        raise Misfit(f'"{name}" is {shown(value)}, expected an array of label names')
    return tuple(label_of(one, name) for one in value)


def span_of(entity: Any, start: str = "start", end: str = "end", label: str = "label") -> Span:
    """One entity of an array; the keys are given since formats name them differently."""
    if not isinstance(entity, dict):
        raise Misfit(f'an entity is {shown(entity)}, expected an object with "{start}", "{end}" and "{label}"')
    for key in (start, end, label):
        if key not in entity:
            raise Misfit(f'an entity has no "{key}", expected "{start}", "{end}" and "{label}"')
    surface = entity.get("text")
    if surface is not None and not isinstance(surface, str):
        raise Misfit(f'"text" of an entity is {shown(surface)}, expected a string')
    return Span(offset_of(entity[start], start), offset_of(entity[end], end), label_of(entity[label], label), surface)


def spans_of(value: Any, name: str, start: str = "start", end: str = "end", label: str = "label") -> tuple[Span, ...]:
    """The entities of an array."""
    if not isinstance(value, list):
        raise Misfit(f'"{name}" is {shown(value)}, expected an array of entities')
    return tuple(span_of(entity, start, end, label) for entity in value)


def offset_of(value: Any, name: str) -> int:
    """A code point offset."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Misfit(f'"{name}" is {shown(value)}, expected a whole number of code points')
    return value


def draft_of(line: int, record: dict[str, Any], text_names: Sequence[str], label_name: str, id_name: str) -> Draft:
    """The draft of a record with a text and at most one of entities, one label, and several.

    Under `label_name` a string or a number is one label, an array several, an array of objects entities, and an empty
    one either.
    """
    text = text_of(record, text_names)
    given = [name for name in dict.fromkeys(("entities", label_name, "labels")) if record.get(name) is not None]
    if len(given) > 1:
        raise Misfit(f"{' and '.join(given)} in one record, expected one kind of annotation")
    spans: tuple[Span, ...] | None = None
    label: str | tuple[str, ...] | None = None
    # [] under the name that entities and classes share says of neither.
    empty = given == [label_name] and label_name not in ("entities", "labels") and record[label_name] == []
    if given and not empty:
        value = record[given[0]]
        if given[0] == "entities" or (given[0] == label_name and _holds_objects(value)):
            spans = spans_of(value, given[0])
        elif given[0] == "labels" or isinstance(value, list):
            label = labels_of(value, given[0])
        else:
            label = label_of(value, given[0])
    rest = others(record, *text_names, *given, id_name)
    return Draft(line, text, spans, label, id_of(record, id_name), empty, fields=rest)


def others(record: dict[str, Any], *taken: str) -> dict[str, Any]:
    """What a record holds beside the keys that were read, and beside what a model said of it before."""
    return {key: value for key, value in record.items() if key not in taken and key != "scores"}


def shown(value: Any) -> str:
    """A value in a message, cut short."""
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _holds_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
