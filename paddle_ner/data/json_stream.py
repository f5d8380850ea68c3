"""JSON values with line numbers, read piece by piece: those of an array, or one after another."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddle_ner.data.json_decoding import Decoder, cause
from paddle_ner.data.records import Rejected
from paddle_ner.data.source import BYTE_ORDER_MARK, escaped_fault, open_bytes

_CHUNK = 1 << 16
_MARGIN = 64
"""A syntax error this close to the end of the buffer may only mean that the rest is not read yet."""


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object (or array, where arrays were asked for) and the line that it begins on."""

    line: int
    value: Any


def json_array(
    path: Path, encoding: str, expected: type[Any] = dict, within: str | None = None
) -> Iterator[Record | Rejected]:
    """The objects (or values of type `expected`) of one array, or of the array under the key `within` of one object.

    A syntax error is fatal: the records after it cannot be separated.
    """
    with open_bytes(path) as raw, io.TextIOWrapper(raw, encoding, errors="surrogateescape", newline="") as stream:
        yield from _Values(path, stream, encoding, expected).elements(within)


def json_sequence(path: Path, encoding: str, expected: type[Any] = dict) -> Iterator[Record | Rejected]:
    """The objects (or values of type `expected`) that are one after another, each over any number of lines."""
    with open_bytes(path) as raw, io.TextIOWrapper(raw, encoding, errors="surrogateescape", newline="") as stream:
        yield from _Values(path, stream, encoding, expected).sequence()


class _Values:
    def __init__(self, path: Path, stream: io.TextIOWrapper, encoding: str, expected: type[Any]) -> None:
        self.path = path
        self.stream = stream
        self.encoding = encoding
        self.buffer = stream.read(_CHUNK).removeprefix(BYTE_ORDER_MARK)
        self.position = 0
        self.line = 1
        self.decoder = Decoder(expected)

    def sequence(self) -> Iterator[Record | Rejected]:
        while self._next():
            value = self._value("objects one after another")
            yield value
            if isinstance(value, Rejected) and value.fatal:
                return

    def elements(self, within: str | None = None) -> Iterator[Record | Rejected]:
        if within is not None and (fault := self._enter(within)) is not None:
            yield fault
            return
        if self._next() != "[":
            yield self._fatal(f"expected a JSON array: '[', found {self._next()!r}")
            return
        self._advance(1)
        if self._next() == "]":
            self._advance(1)
        else:
            while True:
                element = self._value("an array of objects")
                yield element
                if isinstance(element, Rejected) and element.fatal:
                    return
                mark = self._next()
                if mark not in ("]", ","):
                    yield self._fatal(f"expected ',' or ']' after an element of the array, found {mark!r}")
                    return
                self._advance(1)
                if mark == "]":
                    break
        if within is None and self._next():
            yield self._fatal(f"expected the end of the file after the array, found {self._next()!r}")

    def _enter(self, key: str) -> Rejected | None:
        """Go to the value of a key of the next object; return what is wrong if there is none."""
        mark, name = self._next(), None
        while mark in ("{", ",") and name != key:
            self._advance(1)
            name = self._skip()
            mark = self._next()
            if isinstance(name, Rejected) or mark != ":":
                break
            self._advance(1)
            if name != key:
                if isinstance(fault := self._skip(), Rejected):
                    return fault
                mark = self._next()
        if name == key:
            return None
        return name if isinstance(name, Rejected) else self._fatal(f"expected an object with the key {key!r}")

    def _skip(self) -> Any:
        """Read a value of any type, to skip it or as a key."""
        record = self._value("an object with an array of records", checked=False)
        self.decoder.forget()
        return record if isinstance(record, Rejected) else record.value

    def _value(self, expected: str, *, checked: bool = True) -> Record | Rejected:
        self._next()
        size = _CHUNK
        while True:
            try:
                value, end = self.decoder.raw_decode(self.buffer, self.position)
                break
            except json.JSONDecodeError as error:
                self.decoder.forget()
                truncated = error.msg.startswith("Unterminated string") or error.pos > len(self.buffer) - _MARGIN
                more = self.stream.read(size) if truncated else ""
                if not more:
                    self.line += self.buffer.count("\n", self.position, error.pos)
                    column = error.pos - self.buffer.rfind("\n", 0, error.pos)
                    what = f"{error.msg.removesuffix(' at')} at column {column}{cause(error)}"
                    return self._fatal(f"invalid JSON: {what}, expected {expected}")
                self.buffer += more
                size *= 2
            except RecursionError:
                return self._fatal(f"invalid JSON: nested too deeply, expected {expected}")
        line = self.line
        fault = self.decoder.fault(value) if checked else None
        fault = fault or escaped_fault(self.buffer[self.position : end], self.encoding)
        self._advance(end - self.position)
        return Record(line, value) if fault is None else Rejected.at(self.path, line, fault)

    def _next(self) -> str:
        """The next character that is not white space, not consumed; empty at the end of the file."""
        while True:
            while self.position < len(self.buffer) and self.buffer[self.position] in " \t\r\n":
                self._advance(1)
            if self.position < len(self.buffer):
                return self.buffer[self.position]
            self.buffer, self.position = self.stream.read(_CHUNK), 0
            if not self.buffer:
                return ""

    def _advance(self, count: int) -> None:
        self.line += self.buffer.count("\n", self.position, self.position + count)
        self.position += count
        if self.position > _CHUNK:
            self.buffer, self.position = self.buffer[self.position :], 0

    def _fatal(self, message: str) -> Rejected:
        return Rejected.at(self.path, self.line, f"{message}; the rest of the file cannot be read", fatal=True)
