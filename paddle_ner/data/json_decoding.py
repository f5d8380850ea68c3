"""JSON to values, with the faults that the standard decoder does not report, and the causes of usual syntax errors."""

from __future__ import annotations

import json
import math
import re
from typing import Any

_DIGITS = 100
"""An integer with more digits is neither an offset nor an id, and Python refuses to read thousands of digits."""
_COMMENT = re.compile(r"//|/\*|#")
_SCRIPT = re.compile(r"(var|let|const|export|module)\b")
_PYTHON = re.compile(r"(None|True|False)\b")


class Decoder(json.JSONDecoder):
    """A decoder that remembers what is wrong with the value just decoded; each value is of type `expected`."""

    def __init__(self, expected: type[Any] = dict) -> None:
        super().__init__(
            object_pairs_hook=self._object,
            parse_int=self._integer,
            parse_float=self._float,
            parse_constant=self._constant,
        )
        self.expected = expected
        self._faults: list[str] = []

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            keys = [key for key, _ in pairs]
            repeated = min(key for key in keys if keys.count(key) > 1)
            self._faults.append(f"key {repeated!r} stands twice in one object, expected each key once")
        return value

    def _integer(self, digits: str) -> int:
        if len(digits) > _DIGITS:
            self._faults.append(f"a number of {len(digits):,} digits, expected at most {_DIGITS}")
            return 0
        return int(digits)

    def _float(self, digits: str) -> float:
        value = float(digits)
        if math.isinf(value):
            self._faults.append(f"the number {digits[:_DIGITS]}, expected one that a float can hold")
        return value

    def _constant(self, name: str) -> None:
        self._faults.append(f"{name} is no JSON, expected null where a value is missing (pandas: DataFrame.to_json)")

    def forget(self) -> None:
        """Forget what was wrong with a value that could not be decoded whole."""
        self._faults.clear()

    def fault(self, value: Any) -> str | None:
        """What is wrong with the value just decoded, forgetting it for the next."""
        faults, self._faults = self._faults, []
        if not isinstance(value, self.expected):
            return f"{_kind(value)}, expected {_kind(self.expected())}"
        return faults[0] if faults else None


def cause(error: json.JSONDecodeError) -> str:
    """The cause of a usual syntax error and what to do, to be added to its message; else empty."""
    text, place = error.doc, error.pos
    rest = text[place : place + 10]
    before = text[:place].rstrip()[-1:]
    if error.msg.startswith("Invalid control character"):
        return ": inside a string a tab is written \\t and a line end \\n"
    if rest.startswith("\ufeff"):
        return ": a byte order mark between two files that were put together, remove it"
    if rest.startswith("'"):
        return ": single quotes are Python's, not JSON's: write the file with json.dump"
    if _COMMENT.match(rest):
        return ": JSON has no comments, remove them"
    if _PYTHON.match(rest):
        return ": that is Python's, not JSON's: write the file with json.dump"
    if _SCRIPT.match(rest):
        return ": that is JavaScript: leave the array or objects alone"
    if (before == "," or rest.startswith(",")) and text[place:].lstrip(", \t\r\n")[:1] in ("]", "}"):
        return ": remove the comma before the bracket that closes"
    return ""


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
