"""The columns of a line with a token and its tag, and what the first sentences of a file say about them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Remark
from paddle_ner.data.tagging import Tagging, is_tag
from paddle_ner.data.tokens import JOINED, are_indexed, spaces_are_needed
from paddle_ner.errors import InputError

OUTSIDE_TAGS = ("O", "o", "0")
"""Tags of tokens outside all entities, as files write them."""
COLUMN_SHARE = 0.8
"""The share of the cells of a column that must have the same form."""
_NUMBER = re.compile(r"\d+([-.]\d+)?", re.ASCII)
"""The number of a token, or a range of numbers for a token of several words, as in CoNLL-U."""


def columns(text: str) -> list[str]:
    """The columns of a line, split at tabs or, without tabs, at spaces; a token may itself be a space.

    Empty columns at the end do not count, nor do spaces around a line unless its tag would be alone.
    """
    if "\t" in text:
        parts = text.split("\t")
        while len(parts) > 1 and (not parts[-1] or (not parts[-1].strip() and len(parts) > 2 and is_tag(parts[-2]))):
            parts.pop()
        last = parts[-1].strip(" ")
        return [*parts[:-1], last] if is_tag(last) else parts
    parts = [column for column in text.split(" ") if column]
    if len(parts) == 1 and text.startswith("  "):
        return [" ", *parts]
    if text.endswith("  ") and is_tag(parts[0]) and (len(parts) == 1 or not is_tag(parts[-1])):
        return [*parts, " "]
    return parts


@dataclass(frozen=True, slots=True)
class Layout:
    """What the beginning of a file says about the rest of it.

    Attributes:
        tag_first: whether the tag is the first column, not the last.
        width: how many columns most lines have.
        token: the column of the token if the tag is in the last column.
        unread: other columns that hold tags, such as those of chunks or of nested entities.
        indexed: whether each token is a character with its index in the word.
        joiner: what joins tokens; None: what the two tokens need.
        tagging: how the tags are written.
    """

    tag_first: bool
    width: int
    token: int
    unread: tuple[int, ...]
    indexed: bool
    joiner: str | None
    tagging: Tagging

    @classmethod
    def of(cls, path: Path, sentences: Sequence[Sequence[list[str]]], options: ReadOptions) -> Layout:
        """The layout; tags are in the last column unless more lines begin with a tag than end with one.

        Raises:
            InputError: the first column counts something, and blank lines do not separate what it counts.
        """
        rows = [row for sentence in sentences for row in sentence if len(row) > 1]
        tag_first = options.tag_column == "first"
        if options.tag_column is None:
            tag_first = sum(is_tag(row[0]) for row in rows) > sum(is_tag(row[-1]) for row in rows)
        width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 2
        kept = [[row for row in sentence if len(row) == width] for sentence in sentences]
        token = 1 if not tag_first and width > 2 and _are_numbered(path, kept) else 0
        tokens = [[row[-1 if tag_first else token] for row in sentence] for sentence in kept]
        tags = [[row[0 if tag_first else -1] for row in sentence] for sentence in kept]
        between = range(1, width - 1) if tag_first else range(token + 1, width - 1)
        unread = tuple(index for index in between if _holds_tags([row[index] for row in rows if len(row) == width]))
        joiner = options.token_joiner
        if joiner is None and spaces_are_needed([token for sentence in tokens for token in sentence]):
            joiner = " "
        tagging = Tagging.of(tags, options.tag_scheme)
        return cls(tag_first, width, token, unread, are_indexed(tokens), joiner, tagging)

    def remarks(self, options: ReadOptions) -> Iterator[Remark]:
        """The choices that users may not expect."""
        if (message := self.tagging.remark()) is not None:
            yield Remark(message)
        if self.unread:
            numbers = ", ".join(str(index + 1) for index in self.unread)
            yield Remark(f"tags stand in column {numbers} of {self.width} too, which is not read")
        if self.indexed:
            yield Remark("each token is a character with its index in the word, as Weibo NER's: read without the index")
        if options.token_joiner is None and self.joiner == " ":
            yield Remark(JOINED)


def _are_numbered(path: Path, sentences: Sequence[Sequence[Sequence[str]]]) -> bool:
    """Whether the first column numbers tokens or sentences. Raises InputError for sentences without blank lines."""
    firsts = [[row[0] for row in sentence] for sentence in sentences if sentence]
    if not all(_NUMBER.fullmatch(number) for column in firsts for number in column):
        return False
    counts = [[int(number) for number in column if number.isdigit()] for column in firsts]
    steps = {after - before for column in counts for before, after in pairwise(column)}
    if not steps:
        return all(column in ([0], [1]) for column in counts)
    if steps not in ({0}, {1}):
        raise InputError(
            f"{path}: the first column holds numbers alone, and sentences seem to begin where no blank line stands:"
            " put one between sentences, or remove the column"
        )
    return True


def _holds_tags(cells: Sequence[str]) -> bool:
    return sum(map(is_tag, cells)) >= COLUMN_SHARE * len(cells) and any(cell not in OUTSIDE_TAGS for cell in cells)
