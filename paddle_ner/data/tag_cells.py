"""A sentence in one cell of a row and the tags of its tokens in another: what separates the parts of the two cells."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from paddle_ner.data.records import OUTSIDE
from paddle_ner.data.tagging import is_bare_type, is_tag

LISTS = "lists"
"""Cells that hold a list, as JSON, Python and NumPy write it."""
CHARACTERS = "characters"
"""Cells in which each character is a token."""
_TAG_MARKS = (LISTS, "\x02", " ", ",", "|", ";")
_TOKEN_MARKS = (LISTS, "\x02", " ", CHARACTERS)
_SHARE = 0.8
"""The share of the checked cells that must fit: a few may be bad."""
_SPACES = re.compile(r"[ \t\r\n]+")
_QUOTED = r"'[^']*'|\"[^\"]*\""
_NUMPY = re.compile(rf"\[\s*(?:{_QUOTED})(?:\s+(?:{_QUOTED}))*\s*\]")
_BARE_LIST = re.compile(r"\[([^\[\]'\"]*)\]")
_SHOWN = 40


@dataclass(frozen=True, slots=True)
class TagCells:
    """How the cells of a table hold tokens and tags.

    Attributes:
        tokens_by: what separates the tokens of a cell: a mark, `LISTS` or `CHARACTERS`.
        tags_by: what separates the tags of a cell: a mark or `LISTS`.
        numbers: whether the tags are numbers.
    """

    tokens_by: str
    tags_by: str
    numbers: bool = False

    @classmethod
    def of(cls, texts: Sequence[str], cells: Sequence[str]) -> TagCells | None:
        """What fits the cells of a text column and a label column, row by row; None if the labels are no tags.

        Cells of tags as the field writes them are enough, if O is among them. Others (types alone, a 0 for O, numbers)
        must be as many as the tokens beside them.
        """
        fitted = _fitted(texts, cells)
        return None if fitted is None else fitted[0]

    def tokens(self, cell: str) -> list[str]:
        """The tokens of a cell. Raises ValueError for a cell that is separated in another way."""
        return [str(token) for token in parts(cell, self.tokens_by)]

    def tags(self, cell: str) -> list[str | int]:
        """The tags of a cell. Raises ValueError for a cell that is separated in another way."""
        return [_number(tag) if self.numbers else tag for tag in parts(cell, self.tags_by)]


def are_tags(cells: Sequence[str]) -> bool:
    """Whether nearly all cells hold the tags of several tokens, O among them."""
    for mark in _TAG_MARKS:
        sequences = [_split(cell, mark) for cell in cells]
        if _kind(sequences) == "tags" and _have_outside(sequences):
            return True
    return False


def may_be_tags(cell: str) -> bool:
    """Whether a cell holds several parts, or a tag: if not, it is not one of a column of tags."""
    return is_tag(cell.strip()) or any(len(_split(cell, mark) or ()) > 1 for mark in _TAG_MARKS)


def is_list(cell: str) -> bool:
    """Whether a cell holds a list of strings."""
    return cell.strip()[:1] in ("[", "(") and _split(cell, LISTS) is not None


def agree(texts: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether nearly all cells of a column hold as many tokens as the cells of tags beside them."""
    fitted = _fitted(texts, cells)
    return fitted is not None and fitted[1] >= _SHARE


def tagged_lines(lines: Sequence[str], mark: str) -> bool:
    """Whether most lines are a sentence, a mark, and the tags of its tokens, or the other way round."""
    several = fitting = 0
    for line in lines:
        sides = [side for side in (line.rpartition(mark)[2], line.partition(mark)[0]) if side != line]
        sequences = [tags for side in sides if (tags := _tags_of(side))]
        fitting += bool(sequences)
        several += any(len(tags) > 1 and any(map(is_tag, tags)) for tags in sequences)
    return several > 0 and 2 * fitting > len(lines)


def parts(cell: str, mark: str) -> list[str]:
    """The parts of a cell; an empty one has none. Raises ValueError if a list is expected and there is none."""
    if not cell.strip(" \t\r\n"):
        return []
    if mark == LISTS:
        return _listed(cell)
    if mark == CHARACTERS:
        return list(cell.strip(" \t\r\n"))
    if mark == " ":
        return [part for part in _SPACES.split(cell) if part]
    if mark == "\x02":
        return cell.split(mark)
    return [part.strip() for part in cell.strip().split(mark)]


def _fitted(texts: Sequence[str], cells: Sequence[str]) -> tuple[TagCells, float] | None:
    """The best fit, and the share of rows with as many tokens as tags."""
    rows = [(text, cell) for text, cell in zip(texts, cells, strict=True) if text.strip() and cell.strip()]
    for mark in _TAG_MARKS:
        sequences = [_split(cell, mark) for _, cell in rows]
        kind = _kind(sequences)
        if kind is None:
            continue
        lengths = [None if sequence is None else len(sequence) for sequence in sequences]
        tokens_by, share = _token_mark([text for text, _ in rows], lengths, mark)
        is_enough = kind == "tags" and _have_outside(sequences)
        if kind == "numbers":
            is_vector = len(set(lengths) - {None}) < 2  # as of classes, a 0 or 1 for each
            is_enough = share >= _SHARE and not is_vector
        if is_enough or (kind != "numbers" and share >= _SHARE):
            return TagCells(tokens_by, mark, kind == "numbers"), share
    return None


def _tags_of(side: str) -> list[str]:
    for mark in ("\x02", " "):
        tags = parts(side, mark)
        if tags and all(is_tag(tag) or tag == "0" for tag in tags):
            return tags
    return []


def _listed(cell: str) -> list[str]:
    text = cell.strip()
    if _NUMPY.fullmatch(text) and "," not in re.sub(_QUOTED, "", text):
        return [quoted[1:-1] for quoted in re.findall(_QUOTED, text)]
    value: object = None
    for parse in (json.loads, ast.literal_eval):
        try:
            value = parse(text)
            break
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    if value is None and (bare := _BARE_LIST.fullmatch(text)) is not None:
        value = bare[1].split(", ") if ", " in bare[1] else re.split(r"[,\s]+", bare[1].strip())
    if not isinstance(value, list | tuple) or not all(isinstance(item, str | int) for item in value):
        raise ValueError(f"{_cut(text)} is not a list of strings, expected one as in the rows before")
    return [str(item) for item in value]


def _split(cell: str, mark: str) -> list[str] | None:
    if mark == LISTS and cell.strip()[:1] not in ("[", "("):
        return None if cell.strip() else []
    try:
        return parts(cell, mark)
    except ValueError:
        return None


def _kind(sequences: Sequence[Sequence[str] | None]) -> str | None:
    """What nearly all sequences consist of: tags, possible tags beside as many tokens, numbers, or None."""
    filled = [sequence for sequence in sequences if sequence is None or sequence]
    if not any(sequence is not None and len(sequence) > 1 for sequence in filled):
        return None
    least = _SHARE * len(filled)
    if sum(sequence is not None and all(map(is_tag, sequence)) for sequence in filled) >= least:
        return "tags"
    if sum(sequence is not None and all(map(_is_number, sequence)) for sequence in filled) >= least:
        return "numbers"
    loose = sum(sequence is not None and all(map(_may_be_tag, sequence)) for sequence in filled)
    outside = sum(sequence is not None and not {OUTSIDE, "o", "0"}.isdisjoint(sequence) for sequence in filled)
    return "loose" if loose >= least and 2 * outside > len(filled) else None


def _token_mark(texts: Sequence[str], lengths: Sequence[int | None], tag_mark: str) -> tuple[str, float]:
    """What separates the most texts into as many tokens as there are tags, and the share of those texts."""
    equal = dict.fromkeys((*_TOKEN_MARKS, tag_mark), 0)
    for mark in equal:
        for text, length in zip(texts, lengths, strict=True):
            tokens = _split(text, mark)
            equal[mark] += tokens is not None and len(tokens) == length
    best = max(equal, key=lambda mark: equal[mark])
    return best, equal[best] / max(1, len(texts))


def _have_outside(sequences: Sequence[Sequence[str] | None]) -> bool:
    return any(tag in (OUTSIDE, "o") for sequence in sequences for tag in sequence or ())


def _may_be_tag(text: str) -> bool:
    return text == "0" or is_tag(text) or is_bare_type(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _number(tag: str) -> str | int:
    return int(tag) if _is_number(tag) else tag


def _cut(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")
