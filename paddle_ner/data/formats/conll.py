"""Columns: one token and its tag a line, a blank line or -DOCSTART- between sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from paddle_ner.data.beginning import SEPARATORS, Beginning
from paddle_ner.data.column_names import LABEL_NAMES, TOKEN_NAMES, normal
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import OUTSIDE, Draft, Rejected, Remark
from paddle_ner.data.source import Line, lines
from paddle_ner.data.tag_cells import tagged_lines
from paddle_ner.data.tagging import Tagging, Token, is_tag
from paddle_ner.data.tokens import JOINED, are_indexed, joined, spaces_are_needed
from paddle_ner.errors import InputError, Problem

_BREAK = "-DOCSTART-"
_HEAD = 2000
"""Lines looked at from the first tag of an entity on."""
_OUTSIDES = ("O", "o", "0")
_POSITIONS = frozenset("BIESMWLUO0")
_TYPES = 40
_LONG = 500
"""Lines from which on one sentence is no sentence."""
_NUMBER = re.compile(r"\d+([-.]\d+)?", re.ASCII)
"""The number of a token, and as CoNLL-U has it that of a token of several words."""
_COLUMN_SHARE = 0.8


def columns(text: str) -> list[str]:
    """The columns of a line, split at tabs or, where there are none, at spaces; a token may itself be a space.

    Empty columns at the end are none, nor are spaces around a line unless its tag would stand alone.
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
class _Layout:
    """What the head of a file says of the rest.

    Attributes:
        tag_first: whether the tag is the first column, not the last.
        width: how many columns most lines have.
        token: the column of the token where the tag is the last.
        unread: the other columns that hold tags, as those of chunks or of entities inside others.
        indexed: whether each token is a character with its index in the word.
        joiner: what stands between tokens; None: what the two tokens need.
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
    def of(cls, path: Path, sentences: Sequence[Sequence[list[str]]], options: ReadOptions) -> _Layout:
        """The tags stand last unless more lines begin with one than end with one.

        Raises:
            InputError: the first column counts something and is not parted as the sentences are.
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
        """The choices that a reader of the text may not expect."""
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
    """Whether the first column counts tokens, or sentences. Raises InputError where no blank lines part the latter."""
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
    return sum(map(is_tag, cells)) >= _COLUMN_SHARE * len(cells) and any(cell not in _OUTSIDES for cell in cells)


def _names_columns(line: Line) -> bool:
    """Whether the first line of a file is a header, such as token and tag."""
    names = [normal(name) for name in columns(line.text)] if line.number == 1 else []
    return len(names) > 1 and names[0] in TOKEN_NAMES and names[-1] in LABEL_NAMES


def _sentences(found: Iterable[Line], comments: list[int]) -> Iterator[list[Line]]:
    """The lines of each sentence; the numbers of comment lines go to `comments`."""
    sentence: list[Line] = []
    for line in found:
        if line.number == 1 and _names_columns(line):
            continue
        if line.text.strip(" \t") and not line.text.startswith(_BREAK):
            if _is_comment(line.text, not sentence):
                comments.append(line.number)
            else:
                sentence.append(line)
        elif sentence:
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _is_comment(text: str, begins_sentence: bool) -> bool:
    """Whether a line is a comment, and not the token #."""
    if not text.startswith("#"):
        return False
    parts = columns(text)
    if is_tag(parts[0]) or is_tag(parts[-1]):
        return False
    if "\t" in text and parts[0] == "#":
        return begins_sentence and re.search(r"\s|://", parts[-1]) is not None  # GermEval's source of a sentence
    return begins_sentence or len(parts) == 1


def _head(path: Path, encoding: str) -> list[list[list[str]]]:
    """The columns of the first sentences, `_HEAD` lines from the first tag of an entity on."""
    sentences: list[list[list[str]]] = []
    left: int | None = None
    for sentence in _sentences(lines(path, encoding), []):
        rows = [columns(line.text) for line in sentence]
        sentences.append(rows)
        if left is None and any({row[0], row[-1]} - {OUTSIDE} and _has_entity(row) for row in rows):
            left = _HEAD
        if left is not None:
            left -= len(rows) + 1
            if left < 0:
                break
    return sentences


def _has_entity(row: Sequence[str]) -> bool:
    return any(is_tag(cell) and cell not in _OUTSIDES for cell in (row[0], row[-1]))


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    layout = _Layout.of(path, _head(path, options.encoding), options)
    yield from layout.remarks(options)
    yield from (
        Remark(f"the first line names the columns and is left out: {line.text}")
        for line in islice(lines(path, options.encoding), 1)
        if _names_columns(line)
    )
    comments: list[int] = []
    lengths: list[int] = []
    for sentence in _sentences(lines(path, options.encoding), comments):
        lengths.append(len(sentence))
        yield _draft(path, sentence, layout)
    if len(lengths) == 1 and lengths[0] > _LONG:
        yield Remark(f"no blank line parts sentences: all {lengths[0]:,} lines are one text")
    if comments:
        yield Remark(
            f"{len(comments):,} comment line{'s' * (len(comments) != 1)} left out, the first is line {comments[0]}"
        )


def _draft(path: Path, sentence: Sequence[Line], layout: _Layout) -> Draft | Rejected:
    faults: list[tuple[int, str]] = []
    tokens: list[Token] = []
    for line in sentence:
        try:
            tokens.append(_token(line, layout))
        except ValueError as error:
            faults.append((line.number, str(error)))
    text, starts = joined([token.text for token in tokens], layout.joiner)
    spans = () if faults else tuple(layout.tagging.spans(tokens, starts, faults))
    if faults:
        return Rejected(tuple(Problem(str(path), line, message) for line, message in faults))
    return Draft(sentence[0].number, text, spans)


def _token(line: Line, layout: _Layout) -> Token:
    if line.fault is not None:
        raise ValueError(line.fault)
    sample = "B-LOC 北" if layout.tag_first else "北 B-LOC"
    parts = columns(line.text)
    if len(parts) < 2 + layout.token:
        raise ValueError(f"one column {line.text!r}, expected a token and a tag, such as {sample!r}")
    if len(parts) != layout.width:
        raise ValueError(
            f"{len(parts)} columns, expected {layout.width} as most lines have (a token with a space in it needs tabs"
            " between the columns)"
        )
    token, tag = (parts[-1], parts[0]) if layout.tag_first else (parts[layout.token], parts[-1])
    if not token:
        raise ValueError(f"no token beside the tag {tag!r}, expected {sample!r}")
    layout.tagging.checked(tag)
    if layout.indexed:
        if len(token) < 2 or not token[-1].isdigit():
            raise ValueError(f"{token!r} has no index, expected a character and its index in the word, such as 北0")
        token = token[:-1]
    return Token(line.number, token, tag)


def _recognise(beginning: Beginning) -> Fit:
    if beginning.is_json:
        return Fit.NO
    if any(tagged_lines(beginning.lines, mark) for mark in SEPARATORS):
        return Fit.NO  # a sentence and its tags a line, a table
    rows = [columns(line) for line in beginning.lines if not line.startswith(_BREAK) and not _is_comment(line, True)]
    several = [row for row in rows if len(row) > 1]
    if 2 * len(several) <= len(rows):
        return Fit.LIKELY if rows == [] and beginning.lines else Fit.NO
    tagged = sum(is_tag(row[0]) or is_tag(row[-1]) for row in several)
    if 2 * tagged > len(rows) or _are_tokens(several, beginning):
        return Fit.LIKELY
    return Fit.NO


def _are_tokens(rows: Sequence[list[str]], beginning: Beginning) -> bool:
    """Whether columns are of tokens though their tags are none that can be read: an 0 for O, types alone, B and I."""
    least = _COLUMN_SHARE * len(rows)
    last = [row[-1] for row in rows]
    if sum(is_tag(tag) or tag in _OUTSIDES for tag in last) >= least and any(
        is_tag(tag) and tag not in _OUTSIDES for tag in last
    ):
        return True
    if sum(tag.upper() in _POSITIONS for tag in last) >= least and len(set(last)) > 1 and {"B", "b"} & set(last):
        return True
    short = sum(len(row[0]) == 1 or (len(row[0]) == 2 and row[0][1].isdigit()) for row in rows) >= least
    if short and _has_paragraphs(beginning.all_lines):
        return True
    words = sum(" " not in row[0] and len(row[0]) <= _TYPES for row in rows) >= least
    outside = sum(tag in _OUTSIDES for tag in last)
    types = {tag for tag in last if tag not in _OUTSIDES}
    named = all(tag.isascii() and tag.replace("-", "").replace("_", "").isalnum() for tag in types)
    return (
        words
        and named
        and 4 * outside >= len(last)
        and 0 < len(types) <= _TYPES
        and _has_paragraphs(beginning.all_lines)
    )


def _has_paragraphs(all_lines: Sequence[str]) -> bool:
    """Whether blank lines part the lines into groups of several."""
    text = "\n".join(line.strip() for line in all_lines).strip("\n")
    groups = [group.count("\n") + 1 for group in text.split("\n\n") if group.strip()]
    return len(groups) > 1 and sum(groups) >= 2 * len(groups)


FORMAT = Format(
    "conll",
    "columns of token and tag (BIO, BIOES, BMES, BMEWO, BILOU, IOB1, IO), blank lines between sentences",
    _drafts,
    _recognise,
    frozenset({"tag_column", "tag_scheme", "token_joiner"}),
)
