"""JSON with line numbers: one object a line, or the elements of one array, streamed; duplicate keys are told."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddle_ner.data.records import Rejected
from paddle_ner.data.source import BYTE_ORDER_MARK, escaped_fault, lines, open_bytes

_CHUNK = 1 << 16
_MARGIN = 64
"""A syntax error this close to the end of the buffer may only mean that the rest is not read yet."""


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object (or array, where arrays were asked for) and the line that it begins on."""

    line: int
    value: Any


class _Decoder(json.JSONDecoder):
    """A decoder that remembers the keys that stood twice in one object; each record is of type `expected`."""

    def __init__(self, expected: type[Any] = dict) -> None:
        super().__init__(object_pairs_hook=self._object)
        self.expected = expected
        self.repeated: list[str] = []

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            keys = [key for key, _ in pairs]
            self.repeated.extend(sorted({key for key in keys if keys.count(key) > 1}))
        return value

    def fault(self, value: Any) -> str | None:
        """What is wrong with the value just decoded, forgetting it for the next."""
        repeated, self.repeated = self.repeated, []
        if not isinstance(value, self.expected):
            return f"{_kind(value)}, expected {_kind(self.expected())}"
        return f"key {repeated[0]!r} stands twice in one object, expected each key once" if repeated else None


def json_lines(path: Path, encoding: str, expected: type[Any] = dict) -> Iterator[Record | Rejected]:
    """One object (or value of type `expected`) a line; blank lines hold no record."""
    decoder = _Decoder(expected)
    for line in lines(path, encoding):
        if line.fault is not None:
            yield Rejected.at(path, line.number, line.fault)
            continue
        if not line.text.strip():
            continue
        try:
            value = decoder.decode(line.text)
        except json.JSONDecodeError as error:
            decoder.repeated.clear()
            message = f"invalid JSON: {error.msg} at column {error.colno}, expected one JSON object a line"
            yield Rejected.at(path, line.number, message)
            continue
        except RecursionError:
            decoder.repeated.clear()
            yield Rejected.at(path, line.number, "invalid JSON: nested too deeply, expected one record a line")
            continue
        fault = decoder.fault(value)
        yield Record(line.number, value) if fault is None else Rejected.at(path, line.number, fault)


def json_array(path: Path, encoding: str, expected: type[Any] = dict) -> Iterator[Record | Rejected]:
    """The objects (or values of type `expected`) of one array, read piece by piece.

    A syntax error is fatal: what follows it cannot be told apart.
    """
    with open_bytes(path) as raw, io.TextIOWrapper(raw, encoding, errors="surrogateescape", newline="") as stream:
        yield from _Array(path, stream, encoding, expected).elements()


class _Array:
    def __init__(self, path: Path, stream: io.TextIOWrapper, encoding: str, expected: type[Any]) -> None:
        self.path = path
        self.stream = stream
        self.encoding = encoding
        self.buffer = stream.read(_CHUNK).removeprefix(BYTE_ORDER_MARK)
        self.position = 0
        self.line = 1
        self.decoder = _Decoder(expected)

    def elements(self) -> Iterator[Record | Rejected]:
        if self._next() != "[":
            yield self._fatal(f"expected a JSON array: '[', found {self._next()!r}")
            return
        self._advance(1)
        if self._next() == "]":
            self._advance(1)
        else:
            while True:
                element = self._element()
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
        if self._next():
            yield self._fatal(f"expected the end of the file after the array, found {self._next()!r}")

    def _element(self) -> Record | Rejected:
        self._next()
        size = _CHUNK
        while True:
            try:
                value, end = self.decoder.raw_decode(self.buffer, self.position)
                break
            except json.JSONDecodeError as error:
                self.decoder.repeated.clear()
                truncated = error.msg.startswith("Unterminated string") or error.pos > len(self.buffer) - _MARGIN
                more = self.stream.read(size) if truncated else ""
                if not more:
                    self.line += self.buffer.count("\n", self.position, error.pos)
                    column = error.pos - self.buffer.rfind("\n", 0, error.pos)
                    return self._fatal(f"invalid JSON: {error.msg} at column {column}, expected an array of objects")
                self.buffer += more
                size *= 2
            except RecursionError:
                return self._fatal("invalid JSON: nested too deeply, expected an array of records")
        line = self.line
        fault = self.decoder.fault(value) or escaped_fault(self.buffer[self.position : end], self.encoding)
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


def _kind(value: Any) -> str:
    names = {
        dict: "a JSON object",
        list: "an array",
        str: "a string",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return names.get(type(value), "null")
