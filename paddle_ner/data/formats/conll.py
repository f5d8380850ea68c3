"""Columns: a token and its tag on each line, a blank line or -DOCSTART- between sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from paddle_ner.data.beginning import SEPARATORS, Beginning
from paddle_ner.data.formats.conll_layout import COLUMN_SHARE, OUTSIDE_TAGS, Layout, columns
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import OUTSIDE, Draft, Rejected, Remark
from paddle_ner.data.source import Line, lines
from paddle_ner.data.tables.names import LABEL_NAMES, TOKEN_NAMES, normal
from paddle_ner.data.tag_cells import tagged_lines
from paddle_ner.data.tagging import Token, is_tag
from paddle_ner.data.tokens import joined
from paddle_ner.errors import Problem

_BREAK = "-DOCSTART-"
_HEAD = 2000
"""Lines that are read ahead, counted from the first tag of an entity."""
_POSITIONS = frozenset("BIESMWLUO0")
_TYPES = 40
_LONG = 500
"""A sentence of more lines than this is probably several sentences without blank lines between them."""


def _names_columns(line: Line) -> bool:
    """Whether the first line of a file names the columns, such as token and tag."""
    names = [normal(name) for name in columns(line.text)] if line.number == 1 else []
    return len(names) > 1 and names[0] in TOKEN_NAMES and names[-1] in LABEL_NAMES


def _sentences(all_lines: Iterable[Line], comments: list[int]) -> Iterator[list[Line]]:
    """The lines of each sentence; the numbers of comment lines go to `comments`."""
    sentence: list[Line] = []
    for line in all_lines:
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
    """Whether a line is a comment and not the token #."""
    if not text.startswith("#"):
        return False
    parts = columns(text)
    if is_tag(parts[0]) or is_tag(parts[-1]):
        return False
    if "\t" in text and parts[0] == "#":
        return begins_sentence and re.search(r"\s|://", parts[-1]) is not None  # GermEval's source of a sentence
    return begins_sentence or len(parts) == 1


def _head(path: Path, encoding: str) -> list[list[list[str]]]:
    """The columns of the first sentences: up to `_HEAD` lines, counted from the first tag of an entity."""
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
    return any(is_tag(cell) and cell not in OUTSIDE_TAGS for cell in (row[0], row[-1]))


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    layout = Layout.of(path, _head(path, options.encoding), options)
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


def _draft(path: Path, sentence: Sequence[Line], layout: Layout) -> Draft | Rejected:
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


def _token(line: Line, layout: Layout) -> Token:
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
    """Whether the columns hold tokens although their tags cannot be read: 0 for O, only types, B and I."""
    least = COLUMN_SHARE * len(rows)
    last = [row[-1] for row in rows]
    if sum(is_tag(tag) or tag in OUTSIDE_TAGS for tag in last) >= least and any(
        is_tag(tag) and tag not in OUTSIDE_TAGS for tag in last
    ):
        return True
    if sum(tag.upper() in _POSITIONS for tag in last) >= least and len(set(last)) > 1 and {"B", "b"} & set(last):
        return True
    short = sum(len(row[0]) == 1 or (len(row[0]) == 2 and row[0][1].isdigit()) for row in rows) >= least
    if short and _has_paragraphs(beginning.all_lines):
        return True
    words = sum(" " not in row[0] and len(row[0]) <= _TYPES for row in rows) >= least
    outside = sum(tag in OUTSIDE_TAGS for tag in last)
    types = {tag for tag in last if tag not in OUTSIDE_TAGS}
    named = all(tag.isascii() and tag.replace("-", "").replace("_", "").isalnum() for tag in types)
    return (
        words
        and named
        and 4 * outside >= len(last)
        and 0 < len(types) <= _TYPES
        and _has_paragraphs(beginning.all_lines)
    )


def _has_paragraphs(all_lines: Sequence[str]) -> bool:
    """Whether blank lines separate the lines into groups of several."""
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
