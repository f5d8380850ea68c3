"""How records are arranged in a JSON file, recognised by its beginning.

An object per line; one array; objects one after another, each over several lines; or an array under a key of one
object. If an object is a table by columns, or has records in another way, a message says how to extract them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from paddle_ner.data.tables.names import texts_among

_DECODER = json.JSONDecoder()
_MARGIN = 64
_LONG_TOKENS = 5.5
"""Average characters of a cell: columns of texts have more, columns of tokens and tags fewer."""
_OPENED = re.compile(r"\s*\[\s*(\{|\[|null\b|\]|$)")
_NESTED = frozenset({"paragraphs", "qas", "messages", "conversations", "role", "speaker", "from"})
"""Keys of elements that have their texts in nested values, or are the turns of a dialogue."""

_OFFSET = re.compile("start|begin|offset", re.IGNORECASE)
"""What the keys of an entity contain, which is not a record."""
_PARTS = frozenset({"tokens", "words", "entities", "spans", "mentions", "relations", "labels", "result", "results"})
"""Keys under which parts of one record are."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How the records are arranged.

    Attributes:
        name: "array" is also used for an array under a key.
        key: that key.
        refusal: why they cannot be read as they are, and what to do.
    """

    name: Literal["lines", "array", "sequence"]
    key: str | None = None
    refusal: str | None = None


def shape_of(text: str, is_whole: bool) -> Shape:
    """The shape of a file that begins with `text`, or is no longer than that."""
    if _OPENED.match(text):
        return Shape("array")
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] != "{":
        return Shape("lines")
    try:
        _, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        if is_whole or (not error.msg.startswith("Unterminated string") and error.pos < len(text) - _MARGIN):
            return Shape("lines")  # the first line is broken, which its reader reports with the line's number
        end = len(text)
    except (ValueError, RecursionError):
        return Shape("lines")
    rest = text[end:].strip()
    over_lines = "\n" in text[start:end].strip()
    if not rest:
        within = _within(text, start)
        if within is not None:
            return within
    return Shape("sequence" if over_lines else "lines")


def _within(text: str, start: int) -> Shape | None:
    """The shape of a single object that is not a record itself but contains records; None for a record."""
    values = dict(_top_level(text, start))
    names = list(values)
    if any(isinstance(values[names[index]], str) for index in texts_among(names)) or isinstance(
        values.get("data"), dict
    ):
        return None
    holders = [
        key
        for key, value in values.items()
        if key not in _PARTS and isinstance(value, list) and any(map(_is_record, value[:2]))
    ]
    if len(holders) == 1:
        return Shape("array", holders[0])
    if holders:
        return Shape(
            "array",
            refusal=f"an object with records under {', '.join(holders)}, expected those of one: take them out, such as"
            f" with jq '.{holders[0]}' IN > OUT.json",
        )
    are_split = isinstance(values.get("columns"), list) and isinstance(values.get("data"), list)
    if are_split or (len(values) > 1 and texts_among(names) and _are_columns(values.values())):
        return Shape(
            "array",
            refusal=f"a table by columns ({', '.join(names[:8])}), expected an array of records: pandas writes one with"
            " to_json(…, orient='records', force_ascii=False)",
        )
    if values and all(_is_record(value) for value in values.values()):
        shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
        return Shape(
            "array",
            refusal=f"an object of records by their ids ({shown}), expected an array of records: jq writes one with"
            " jq '[.[]]' IN > OUT.json",
        )
    return None


def _are_columns(values: Iterable[Any]) -> bool:
    """Whether values are the columns of a table, not the tokens of one text and their tags."""
    columns = [list(value.values()) if isinstance(value, dict) else value for value in values]
    if not all(isinstance(column, list) and len(column) == len(columns[0]) > 0 for column in columns):
        return False
    return max(sum(map(len, map(str, column))) / len(column) for column in columns) > _LONG_TOKENS


def _is_record(value: Any) -> bool:
    """Whether a value is a record: an object with a text, tokens or data, or spaCy's pair of a text and an object."""
    if isinstance(value, list):
        return len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict)
    if not isinstance(value, dict) or _NESTED & value.keys() or any(map(_OFFSET.search, value)):
        return False
    return bool(texts_among(list(value))) or isinstance(value.get("data"), dict)


def _top_level(text: str, start: int) -> Iterator[tuple[str, Any]]:
    """The keys of an object and their values; a value that is cut off is an array with its first element, or None."""
    place = start + 1
    while True:
        try:
            key, end = _DECODER.raw_decode(text, _skipped(text, place))
            place = _skipped(text, end) + 1
        except ValueError:
            return
        value: Any
        try:
            value, place = _DECODER.raw_decode(text, _skipped(text, place))
        except ValueError:
            yield str(key), _first(text, _skipped(text, place))
            return
        yield str(key), value
        place = _skipped(text, place)
        if text[place : place + 1] != ",":
            return
        place += 1


def _first(text: str, place: int) -> list[Any] | None:
    if text[place : place + 1] != "[":
        return None
    try:
        return [_DECODER.raw_decode(text, _skipped(text, place + 1))[0]]
    except ValueError:
        return None


def _skipped(text: str, place: int) -> int:
    """The place of the next character that is not white space."""
    while text[place : place + 1].isspace():
        place += 1
    return place
