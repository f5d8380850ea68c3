"""The JSON records of a file with line numbers, however they are arranged: see `json_shape`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.json_decoding import Decoder, cause
from paddle_ner.data.json_stream import Record, json_array, json_sequence
from paddle_ner.data.records import Rejected, Remark
from paddle_ner.data.source import lines

__all__ = ["Record", "json_array", "json_lines", "json_records"]


def json_records(path: Path, encoding: str, expected: type[Any] = dict) -> Iterator[Record | Rejected | Remark]:
    """The objects (or values of type `expected`) of a file with JSON lines, an array, or nested records."""
    shape = Beginning.of(path, encoding).json_shape
    if shape.refusal is not None:
        yield Rejected.at(path, 1, shape.refusal, fatal=True)
    elif shape.name == "lines":
        yield from json_lines(path, encoding, expected)
    elif shape.name == "sequence":
        yield from json_sequence(path, encoding, expected)
    else:
        yield from json_array(path, encoding, expected, shape.key)
        if shape.key is not None:
            yield Remark(f"its records stand under {shape.key!r} of one object: what else that holds is not read")


def json_lines(path: Path, encoding: str, expected: type[Any] = dict) -> Iterator[Record | Rejected]:
    """One object (or value of type `expected`) a line, or several beside each other; blank lines hold no record."""
    decoder = Decoder(expected)
    for line in lines(path, encoding):
        if line.fault is not None:
            yield Rejected.at(path, line.number, line.fault)
        elif line.text.strip():
            yield from _line(path, line.number, line.text.rstrip(), decoder)


def _line(path: Path, number: int, text: str, decoder: Decoder) -> Iterator[Record | Rejected]:
    place = len(text) - len(text.lstrip())
    try:
        while place < len(text):
            value, end = decoder.raw_decode(text, place)
            following = text[end:].lstrip()
            if following and following[0] != "{":
                yield Rejected.at(path, number, _extra(text, end, following))
                return
            place = len(text) - len(following)
            fault = decoder.fault(value)
            yield Record(number, value) if fault is None else Rejected.at(path, number, fault)
    except json.JSONDecodeError as error:
        message = f"{error.msg.removesuffix(' at')} at column {error.colno}{cause(error)}"
        yield Rejected.at(path, number, f"invalid JSON: {message}, expected one JSON object a line")
    except RecursionError:
        yield Rejected.at(path, number, "invalid JSON: nested too deeply, expected one record a line")
    finally:
        decoder.forget()


def _extra(text: str, end: int, following: str) -> str:
    if following.strip() == ",":
        return (
            "invalid JSON: a comma after the object, expected one JSON object a line: remove the commas, or put [ and ]"
            " around them all"
        )
    column = len(text) - len(following) + 1
    return f"invalid JSON: Extra data at column {column}, expected one JSON object a line"
