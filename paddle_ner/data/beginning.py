"""The beginning of a file, by which its format is recognised."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

from paddle_ner.data.encoding import AUTO, guess
from paddle_ner.data.json_shape import Shape, shape_of
from paddle_ner.data.packing import unpacked_name
from paddle_ner.data.source import BYTE_ORDER_MARK, open_bytes

HEAD_BYTES = 1 << 18
_MAGIC_BYTES = 16
_LINES = 200
_SHOWN = 40
_LONG = 1000
_COLUMN_SHARE = 0.9
_MARKS = re.compile(r"[\s,]*")
"""What may be between two objects."""
_ARRAY = re.compile(r"\s*\[\s*([\[{\"\d\]-]|null|true|false|$)")
SEPARATORS = {
    "\t": "tabs",
    "\x02": "the character U+0002",
    "|||": "'|||'",
    "_!_": "'_!_'",
    "||": "'||'",
    "|": "'|'",
    ";": "semicolons",
    ",": "commas",
    "\uff0c": "full-width commas",
}
"""Marks that may separate two columns of a line, in the order in which they are tried, and their names."""
_BINARY = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive, such as those of Word and Excel"),
    (b"PAR1", "a Parquet table"),
    (b"\xd0\xcf\x11\xe0", "an old Word or Excel document"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x80\x04", "a Python pickle"),
    (b"ARROW1", "an Arrow table"),
)
"""The first bytes of files that people take for data, in words."""


@dataclass(frozen=True)
class Beginning:
    """What the formats see of a file or folder before a format reads it.

    Attributes:
        path: the file or folder.
        magic: its first bytes, unpacked if it is packed, by which binary formats are recognised.
        text: the decoded text of its first `HEAD_BYTES`, whole lines if it has several; empty for a folder.
        is_whole: whether it has no more than that.
    """

    path: Path
    magic: bytes = b""
    text: str = ""
    is_whole: bool = True

    @classmethod
    def of(cls, path: Path, encoding: str) -> Beginning:
        """The beginning of a file or folder. Raises InputError if it cannot be opened."""
        if path.is_dir():
            return cls(path)
        if encoding == AUTO:
            encoding = guess(path)
        with open_bytes(path) as stream:
            head = stream.read(HEAD_BYTES)
        # The last line may be cut in the middle; a file of a single line is looked at as it is.
        complete = head[: head.rfind(b"\n")] if len(head) == HEAD_BYTES and b"\n" in head else head
        text = complete.decode(encoding, errors="replace").removeprefix(BYTE_ORDER_MARK)
        return cls(path, head[:_MAGIC_BYTES], text, len(head) < HEAD_BYTES)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, which formats of files cannot read."""
        return self.path.is_dir()

    @property
    def suffix(self) -> str:
        """The suffix of the name in lower case, without that of a packing."""
        return Path(unpacked_name(self.path.name)).suffix

    @cached_property
    def all_lines(self) -> tuple[str, ...]:
        """The lines without their ends, blank ones included."""
        return tuple(line.removesuffix("\r") for line in self.text.split("\n"))

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The first lines that are not blank, without their ends."""
        return tuple(line for line in self.all_lines if line.strip())[:_LINES]

    @cached_property
    def json_shape(self) -> Shape:
        """How records are arranged in it, if it is JSON."""
        return shape_of(self.text, self.is_whole)

    @property
    def json_array(self) -> str:
        """The text from the bracket that opens the array of its records on; empty if they are not in an array."""
        shape = self.json_shape
        if shape.name != "array" or shape.refusal is not None:
            return ""
        return self.text[self.text.find("[", 0 if shape.key is None else self.text.find(f'"{shape.key}"')) :]

    @cached_property
    def records(self) -> tuple[dict[str, Any], ...]:
        """The first objects, however they are arranged; empty if most lines do not look like JSON."""
        if self.is_json_lines and self.json_shape.name == "lines":
            return tuple(record for line in self.lines if (record := _object(line)) is not None)
        return tuple(islice(self._objects(), _LINES)) if self.is_json else ()

    def _objects(self) -> Iterator[dict[str, Any]]:
        """The objects of an array, or one after another, that are complete in the beginning."""
        text, place = self.text, 0
        if self.json_shape.name == "array":
            text, place = self.json_array, 1
        decoder = json.JSONDecoder()
        while (match := _MARKS.match(text, place)) is not None and match.end() < len(text):
            try:
                value, place = decoder.raw_decode(text, match.end())
            except (ValueError, RecursionError):
                return
            if isinstance(value, dict):
                yield value

    @property
    def is_json_lines(self) -> bool:
        """Whether most lines look like JSON objects, valid or not."""
        return not self.is_json_array and self.most(lambda line: line.lstrip().startswith("{") and '"' in line)

    @property
    def is_json_array(self) -> bool:
        """Whether it begins as an array of objects does; a bracket that is a token of its own line does not count."""
        return re.match(r"\s*\[\s*(null\s*,\s*)*(\{|\]|$)", self.text) is not None

    @property
    def is_json(self) -> bool:
        """Whether it begins as a file of JSON objects does."""
        if self.is_json_array or self.is_json_lines:
            return True
        return self.text.lstrip().startswith("{") and self.json_shape != Shape("lines")

    @property
    def binary(self) -> str | None:
        """What a file that is not text is, in words; None for text."""
        for magic, name in _BINARY:
            if self.magic.startswith(magic):
                return name
        return "binary data" if b"\0" in self.magic or "\0" in self.text[:_LONG] else None

    def most(self, test: Callable[[str], object]) -> bool:
        """Whether more than half of `lines` pass a test."""
        return 2 * sum(map(bool, map(test, self.lines))) > len(self.lines)

    def look(self) -> str:
        """What the first line looks like, for a message."""
        if self.binary is not None:
            return self.binary
        return look_of(self.lines[0]) if self.lines else "an empty file"


def separator_of(lines: Sequence[str]) -> str | None:
    """What seems to separate the columns of a table: a mark that nearly every line has equally often."""
    for mark in SEPARATORS:
        count, times = Counter(line.count(mark) for line in lines).most_common(1)[0]
        if count and times > 1 and times >= _COLUMN_SHARE * len(lines) and mark.isprintable():
            return mark
    return None


def look_of(line: str) -> str:
    """What a line looks like, in words."""
    shown = repr(line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        return f"a JSON object with the keys {', '.join(map(str, value)) or '(none)'}"
    if isinstance(value, str):
        return f"a JSON string, not an object ({shown})"
    if isinstance(value, list) and value and not isinstance(value[0], list | dict):
        return f"a JSON array of {len(value)} values without names ({shown})"
    if re.match(r"\s*(//|/\*)", line):
        return f"a comment, which JSON does not have ({shown})"
    if re.match(r"\s*(var|let|const|export)\s.*=", line):
        return f"JavaScript ({shown})"
    if re.match(r"\s*<[?!/A-Za-z]", line):
        return f"XML or HTML ({shown})"
    if line.lstrip().startswith("{") and not line.lstrip().startswith("{{"):
        return f"the beginning of a JSON object ({shown})"
    if _ARRAY.match(line):
        return f"the beginning of a JSON array ({shown})"
    for mark, name in SEPARATORS.items():
        if mark in line:
            return f"{line.count(mark) + 1} columns separated by {name} ({shown})"
    parts = line.split()
    if len(parts) == 2:
        return f"two words ({shown})"
    return f"plain text ({shown})"


def _object(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None
