"""The sentences of a table with a token and its tag per row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from paddle_ner.data.delimited import Row
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark, Span
from paddle_ner.data.tables.tokens import TokenColumns
from paddle_ner.data.tagging import Tagging, Token
from paddle_ner.data.tokens import JOINED, joined, spaces_are_needed
from paddle_ner.errors import Problem

_HEAD = 500
"""Sentences that are checked."""


@dataclass(slots=True)
class _Sentence:
    """The rows of a sentence, its name in the rows, and what is wrong with other rows among them."""

    line: int
    key: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def token_row_drafts(
    path: Path, rows: Iterable[Row | Rejected], columns: TokenColumns, options: ReadOptions
) -> Iterator[Draft | Rejected | Remark]:
    """The drafts of the sentences in the rows. A row that cannot be read makes its whole sentence bad.

    Args:
        path: the file, for messages.
        rows: after the header; those with too few or too many cells among them as Rejected.
        columns: where things are in a row.
        options: what the user says of tags and tokens.
    """
    yield from map(Remark, columns.remarks())
    sentences = _sentences(path, rows, columns)
    head = list(islice(sentences, _HEAD))
    good = [sentence for sentence in head if not sentence.problems]
    tagging = Tagging.of([_cells(sentence, columns.tag) for sentence in good], options.tag_scheme)
    if not options.texts_only and (message := tagging.remark()) is not None:
        yield Remark(message)
    joiner = options.token_joiner
    if joiner is None and spaces_are_needed([token for row in good for token in _cells(row, columns.token)]):
        joiner = " "
        yield Remark(JOINED)
    for sentence in chain(head, sentences):
        yield _draft(path, sentence, columns, tagging, joiner, options)


def _cells(sentence: _Sentence, column: int | None) -> list[str]:
    return [] if column is None else [row.cells[column].strip() for row in sentence.rows]


def _sentences(path: Path, rows: Iterable[Row | Rejected], columns: TokenColumns) -> Iterator[_Sentence]:
    """The rows by sentence; what is wrong between two rows may be of the sentence before or after it."""
    current: _Sentence | None = None
    bad: Problem | None = None  # after the last good row
    ended = False
    last = 0  # the line on which the previous row ends
    lines: dict[tuple[str, ...], int] = {}
    for row in rows:
        if isinstance(row, Rejected):
            bad = row.problems[0]
            current = current or _Sentence(bad.line, ())
            current.problems.extend(row.problems)
            last = bad.line
            continue
        ended = ended or row.line > last + 1 > 1
        last = row.line + sum(cell.count("\n") for cell in row.cells)
        if not any(cell.strip() for cell in row.cells):
            ended = True
            continue
        key = tuple(row.cells[column].strip() for column in columns.sentence)
        begins = any(key) and (not columns.filled or current is None or key != current.key)
        if current is None or begins or (ended and not columns.sentence):
            before = current
            if current is not None:
                yield current
            current = _Sentence(row.line, key)
            if begins and columns.filled and key in lines:
                message = f"sentence {'/'.join(key)} has rows from line {lines[key]} on, expected all of them together"
                current.problems.append(Problem(str(path), row.line, message))
            elif begins and not columns.filled and before is not None and key == before.key:
                message = f"sentence {'/'.join(key)} begins again, expected another name or an empty cell"
                current.problems.append(Problem(str(path), row.line, message))
            if bad is not None and not ended:
                message = f"the row on line {bad.line} is bad and may be the first of this sentence"
                current.problems.append(Problem(str(path), row.line, message))
            lines.setdefault(key, row.line)
        current.rows.append(row)
        ended, bad = False, None
    if current is not None:
        yield current


def _draft(
    path: Path,
    sentence: _Sentence,
    columns: TokenColumns,
    tagging: Tagging,
    joiner: str | None,
    options: ReadOptions,
) -> Draft | Rejected:
    faults: list[tuple[int, str]] = []
    tokens: list[Token] = []
    for row in sentence.rows:
        token = row.cells[columns.token].strip() or row.cells[columns.token]
        tag = "" if columns.tag is None else row.cells[columns.tag].strip()
        if not token:
            faults.append((row.line, f"no token beside the tag {tag!r}, expected one in each row"))
        tokens.append(Token(row.line, token, tag))
    text, starts = joined([token.text for token in tokens], joiner)
    spans: tuple[Span, ...] | None = None
    if columns.tag is not None and not options.texts_only:
        spans = () if faults or sentence.problems else tuple(tagging.spans(tokens, starts, faults))
    problems = (*sentence.problems, *(Problem(str(path), line, message) for line, message in faults))
    if problems:
        return Rejected(problems)
    name = "/".join(filter(None, sentence.key)) or None
    return Draft(sentence.line, text, spans, id=name, by_tokens=True)
