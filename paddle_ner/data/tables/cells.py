"""What the cells of a column look like: texts, labels, ids, numbers, tags."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from paddle_ner.data.tag_cells import are_tags, is_list

ON = ("1", "1.0", "true", "True", "TRUE", "是", "Y", "y")
OFF = ("0", "0.0", "false", "False", "FALSE", "否", "N", "n", "")
_CODE = re.compile(r"[A-Za-z#_.:/-]*\d[\w.:/-]*", re.ASCII)
_LABEL_SEPARATORS = (",", ";", "|", "，", "；", "、")
_ENTITIES = re.compile(r"\[\s*(\{\s*[\"']|[\[(]\s*\d+\s*,\s*\d+\s*,)")
_SHARE = 0.8
_SHOWN = 40
FEW = 4
"""From this many rows on, it says something that values repeat."""


def entities_in(cell: str) -> list[Any]:
    """The list in a cell, as JSON or as Python writes it; an empty cell holds none. Raises ValueError."""
    text = cell.strip()
    for parse in (json.loads, ast.literal_eval):
        try:
            value = parse(text) if text else []
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        if isinstance(value, list):
            return [list(item) if isinstance(item, tuple) else item for item in value]
    shown = repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")
    raise ValueError(f"{shown} is no list of entities, expected one as in the rows before")


class Column:
    """The cells of one column, and what they look like."""

    def __init__(self, cells: Sequence[str]) -> None:
        self.cells = [cell.strip() for cell in cells]
        self.filled = [cell for cell in self.cells if cell]

    @cached_property
    def distinct(self) -> int:
        """How many different values there are."""
        return len(set(self.filled))

    @cached_property
    def length(self) -> float:
        """The characters of a value on average."""
        return sum(map(len, self.filled)) / max(1, len(self.filled))

    @property
    def is_numeric(self) -> bool:
        """Only numbers."""
        return bool(self.filled) and all(re.fullmatch(r"-?\d+(\.\d+)?", cell, re.ASCII) for cell in self.filled)

    @property
    def is_binary(self) -> bool:
        """Only values of on and off; cells may be empty."""
        return bool(self.filled) and all(cell in ON or cell in OFF for cell in self.cells)

    @property
    def is_label(self) -> bool:
        """Few short values that repeat."""
        return len(self.filled) >= FEW and 2 * self.distinct <= len(self.filled) and max(map(len, self.filled)) <= 40

    @property
    def is_once(self) -> bool:
        """Enough values, each occurring once."""
        return FEW <= len(self.filled) == self.distinct

    @property
    def is_id(self) -> bool:
        """Codes without words, each occurring once."""
        return bool(self.filled) and self.distinct == len(self.filled) and all(map(_CODE.fullmatch, self.filled))

    @cached_property
    def is_tag_cells(self) -> bool:
        """Tags of several tokens in each cell."""
        return are_tags(self.filled)

    @property
    def is_lists(self) -> bool:
        """A list of strings in each cell."""
        return bool(self.filled) and all(map(is_list, self.filled))

    @property
    def is_entities(self) -> bool:
        """A list of objects or of triples in nearly each cell; some may be empty."""
        lists = sum(_ENTITIES.match(cell) is not None for cell in self.filled)
        return lists > 0 and lists + self.filled.count("[]") >= _SHARE * len(self.filled)

    @property
    def is_objects(self) -> bool:
        """JSON objects, or lists of them; some lists may be empty."""
        objects = [cell for cell in self.filled if re.match(r"\[?\s*\{\s*[\"']", cell)]
        return bool(objects) and all(cell in objects or cell == "[]" for cell in self.filled)

    @property
    def separator(self) -> str | None:
        """What splits many cells into values, of which at least one occurs in another cell too."""
        for mark in _LABEL_SEPARATORS:
            several = [cell for cell in self.filled if mark in cell]
            values = Counter(part.strip() for cell in set(self.filled) for part in cell.split(mark))
            if 4 * len(several) > len(self.filled) and max(values.values()) > 1:
                return mark
        return None

    @property
    def is_text(self) -> bool:
        """Long, or mostly different, and not numbers."""
        if not self.filled or self.is_numeric or self.is_id:
            return False
        return 2 * self.distinct > len(self.filled) and not self.is_label
