"""CSV and TSV with one text and its label or labels per row, or a sentence and the tags of its tokens in two cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.delimited import Row, literal_rows, quoted_rows, shown
from paddle_ner.data.formats.entity_objects import EntityReader
from paddle_ner.data.formats.entity_rows import EntityColumns, entity_row_drafts
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.formats.hf_tokens import token_drafts
from paddle_ner.data.formats.token_rows import token_row_drafts
from paddle_ner.data.json_source import Record
from paddle_ner.data.options import ReadOptions, flag_of
from paddle_ner.data.records import Draft, Rejected, Remark
from paddle_ner.data.source import lines
from paddle_ner.data.tables.cells import OFF, ON, entities_in
from paddle_ner.data.tables.columns import Columns
from paddle_ner.data.tables.detection import SAMPLE, columns_of
from paddle_ner.data.tables.tokens import TokenColumns, token_columns_of
from paddle_ner.data.tag_cells import LISTS, TagCells, parts, tagged_lines
from paddle_ner.errors import InputError

_DELIMITER_LINE = re.compile(r'"?sep=(.)"?')
"""The first line that tells Excel the delimiter."""
_QUOTED = re.compile(r'\s*".*"\s*')


def _read(path: Path, options: ReadOptions, *, delimiter: str, quotes: str) -> Iterator[Draft | Rejected | Remark]:
    first = next(lines(path, options.encoding), None)
    declared = None if first is None else _DELIMITER_LINE.fullmatch(first.text)
    mark = options.delimiter or (delimiter if declared is None else declared[1])
    literal = (options.quotes or quotes) == "literal" or len(mark) > 1
    if literal and options.quotes is None and len(mark) == 1 and _is_quoted(path, options.encoding, mark):
        yield Remark("cells stand in quotes, which are left out (--quotes literal keeps them)")
        literal = False
    if literal:
        rows = literal_rows(path, options.encoding, mark)
    else:
        rows = quoted_rows(path, options.encoding, mark, trusted=options.quotes == "csv")
    if declared is not None:
        rows = islice(rows, 1, None)
    yield from table_drafts(path, rows, options, shown(mark))


def _is_quoted(path: Path, encoding: str, delimiter: str) -> bool:
    """Whether all cells of some column are in quotes, by the first rows."""
    rows = [row.cells for row in islice(literal_rows(path, encoding, delimiter), SAMPLE) if isinstance(row, Row)]
    width = max(map(len, rows), default=0)
    columns = list(zip(*(row for row in rows if len(row) == width), strict=True))
    return any(len(column) > 1 and all(map(_QUOTED.fullmatch, column)) for column in columns)


def table_drafts(
    path: Path, rows: Iterator[Row | Rejected], options: ReadOptions, separated_by: str, *, named: bool = False
) -> Iterator[Draft | Rejected | Remark]:
    """The records of a table, whatever the file format.

    Args:
        path: the file, for messages.
        rows: its rows, a header first if it has one.
        options: what the user says of the columns.
        separated_by: the words for what separates the cells of a row.
        named: whether the first row is known to be a header.
    """
    head = list(islice(rows, SAMPLE))
    good = [row for row in head if isinstance(row, Row)]
    if not good:
        yield from (row for row in head if isinstance(row, Rejected))
        return
    where, cells = f"{path}:{good[0].line}", [row.cells for row in good]
    tokens = token_columns_of(where, cells, options, is_parted=_are_parted(good), named=named)
    if tokens is not None:
        _refuse_idle(where, options, "a token and its tag a row", "label_separator", "tag_names", "offsets")
        header = good[0] if tokens.header is not None else None
        parted = (_checked(path, row, tokens, separated_by) for row in chain(head, rows) if row is not header)
        yield from token_row_drafts(path, parted, tokens, options)
        return
    entities = EntityColumns.of(cells, options)
    if entities is not None:
        _refuse_idle(where, options, "an entity a row", *_TOKEN_OPTIONS, "label_separator")
        parted = (_checked(path, row, entities, separated_by) for row in chain(head, rows) if row is not good[0])
        yield from entity_row_drafts(path, parted, entities, options)
        return
    columns = columns_of(where, cells, options, named=named)
    if not columns.entities:
        _refuse_idle(where, options, "a table without offsets", "offsets")
    yield from map(Remark, columns.remarks(all_kept=options.texts_only))
    header = good[0] if columns.header is not None else None
    body = (_checked(path, row, columns, separated_by) for row in chain(head, rows) if row is not header)
    if columns.tags is not None:
        yield from _tagged_drafts(path, body, columns, columns.tags, options)
        return
    label = columns.label
    reader = EntityReader.of(_entities(good, columns)) if columns.entities else None
    for row in body:
        if isinstance(row, Rejected):
            yield row
        elif reader is None or label is None or options.texts_only:
            yield _draft(path, row, columns, options)
        else:
            yield _entity_draft(path, row, columns, label, reader)
    if reader is not None and (remark := reader.remark()) is not None:
        yield Remark(remark)


def _are_parted(rows: Sequence[Row]) -> bool:
    """Whether blank lines, or rows of empty cells, are between rows."""
    gaps = any(after.line > before.line + sum(map(_line_ends, before.cells)) + 1 for before, after in pairwise(rows))
    return gaps or not all(any(map(str.strip, row.cells)) for row in rows)


def _line_ends(cell: str) -> int:
    return cell.count("\n")


def _refuse_idle(where: str, options: ReadOptions, table: str, *names: str) -> None:
    """Raise InputError for an option that only tables of another kind use."""
    for name in names:
        if getattr(options, name) is not None:
            raise InputError(f"{where}: {flag_of(name)} does nothing for {table}: leave it out")


def _checked(
    path: Path, row: Row | Rejected, columns: Columns | TokenColumns | EntityColumns, separated_by: str
) -> Row | Rejected:
    """The row, rejected if it is a header or does not have as many cells as it should."""
    if isinstance(row, Rejected):
        return row
    if columns.header is not None and tuple(cell.strip() for cell in row.cells) == columns.header:
        return Rejected.at(path, row.line, "the names of the columns again, expected a record: remove the row")
    if len(row.cells) == columns.count:
        return row
    known = f"{columns.count}" if columns.header is None else f"the {columns.count} of the header"
    message = f"{len(row.cells)} columns, expected {known}, separated by {separated_by}"
    return Rejected.at(path, row.line, message.replace("1 columns", "one column"))


def _tagged_drafts(
    path: Path, rows: Iterable[Row | Rejected], columns: Columns, tags: TagCells, options: ReadOptions
) -> Iterator[Draft | Rejected | Remark]:
    """The records of rows with a sentence in one cell and the tags of its tokens in another."""
    text, label, number = (None if column is None else _name(columns, column) for column in columns.places)
    named = options.model_copy(update={"text_field": text, "label_field": label, "id_field": number})
    yield from token_drafts(path, (_record(path, row, columns, tags) for row in rows), named)


def _record(path: Path, row: Row | Rejected, columns: Columns, tags: TagCells) -> Record | Rejected:
    """The row as an object of tokens and tags."""
    if isinstance(row, Rejected):
        return row
    assert columns.label is not None
    value: dict[str, object] = dict(_others(row, columns))
    try:
        value[_name(columns, columns.text)] = tags.tokens(row.cells[columns.text])
        value[_name(columns, columns.label)] = tags.tags(row.cells[columns.label])
    except ValueError as error:
        return Rejected.at(path, row.line, str(error))
    if columns.id is not None:
        value[_name(columns, columns.id)] = row.cells[columns.id].strip() or None
    return Record(row.line, value)


def _name(columns: Columns, column: int) -> str:
    return f"column {column + 1}" if columns.header is None else columns.header[column]


def _draft(path: Path, row: Row, columns: Columns, options: ReadOptions) -> Draft | Rejected:
    number = None if columns.id is None else row.cells[columns.id].strip() or None
    try:
        label = _classes(row, columns) if columns.classes else _label(row, columns, options)
    except ValueError as error:
        return Rejected.at(path, row.line, str(error))
    return Draft(row.line, row.cells[columns.text], label=label, id=number, fields=_others(row, columns))


def _entities(rows: Iterable[Row], columns: Columns) -> Iterator[tuple[str, Any]]:
    """The texts of the given rows and the entities in their cells."""
    for row in rows:
        if len(row.cells) == columns.count and columns.label is not None:
            try:
                yield row.cells[columns.text], entities_in(row.cells[columns.label])
            except ValueError:
                continue  # reported when the row is read; the header is not an error


def _entity_draft(path: Path, row: Row, columns: Columns, label: int, reader: EntityReader) -> Draft | Rejected:
    """The draft of a row with entities in a cell; an empty cell holds none."""
    number = None if columns.id is None else row.cells[columns.id].strip() or None
    text = row.cells[columns.text]
    try:
        spans = reader.spans(entities_in(row.cells[label]), _name(columns, label), text)
    except ValueError as error:
        return Rejected.at(path, row.line, str(error))
    return Draft(row.line, text, spans, id=number, fields=_others(row, columns))


def _others(row: Row, columns: Columns) -> dict[str, str]:
    """The cells of the columns that are neither text, label nor id; without a header they are numbered."""
    taken = {columns.text, columns.label, columns.id, *columns.classes}
    return {_name(columns, index): cell for index, cell in enumerate(row.cells) if index not in taken}


def _label(row: Row, columns: Columns, options: ReadOptions) -> str | tuple[str, ...] | None:
    """One label, or several; an empty cell means none. Raises ValueError for an empty cell if one is expected."""
    if columns.label is None or options.texts_only:
        return None
    cell = row.cells[columns.label].strip()
    if columns.listed:
        return tuple(parts(cell, LISTS))
    if options.label_separator is not None:
        return tuple(label.strip() for label in cell.split(options.label_separator)) if cell else ()
    if not cell and options.multi_label:
        return ()
    if not cell and row.cells[columns.text].strip():
        raise ValueError(
            "empty label, expected a name (--multi-label reads an empty cell as none of the labels,"
            " --label-separator ',' several in one cell)"
        )
    return cell


def _classes(row: Row, columns: Columns) -> tuple[str, ...]:
    """The names of the columns that hold a 1. Raises ValueError for a cell that is neither 0 nor 1."""
    assert columns.header is not None
    names = []
    for column in columns.classes:
        cell = row.cells[column].strip()
        if cell not in ON and cell not in OFF:
            raise ValueError(f"{cell!r} in column {columns.header[column]}, expected 0 or 1 as in the rows before")
        if cell in ON:
            names.append(columns.header[column])
    return tuple(names)


def _recognise_csv(beginning: Beginning) -> Fit:
    if tagged_lines(beginning.lines, ","):
        return Fit.LIKELY
    return Fit.POSSIBLE if beginning.suffix == ".csv" else Fit.NO


def _recognise_tsv(beginning: Beginning) -> Fit:
    if tagged_lines(beginning.lines, "\t"):
        return Fit.LIKELY
    if _are_token_rows(beginning):
        return Fit.SURE  # which else are columns
    if beginning.suffix == ".tsv":
        return Fit.POSSIBLE
    tabs = beginning.suffix not in (".csv", ".json", ".jsonl") and beginning.most(lambda line: "\t" in line.strip("\t"))
    return Fit.POSSIBLE if tabs else Fit.NO


def _are_token_rows(beginning: Beginning) -> bool:
    """Whether a column beside tokens and tags separates sentences, by its name if blank lines separate them."""
    rows = [line.split("\t") for line in beginning.lines]
    if len(rows) < 2 or len(rows[0]) < 3:
        return False
    is_parted = "" in map(str.strip, beginning.all_lines[: len(rows)])
    try:
        columns = token_columns_of("", rows, ReadOptions(), is_parted=is_parted)
    except InputError:
        return False
    return columns is not None and bool(columns.sentence) and (columns.header is not None or not is_parted)


_TOKEN_OPTIONS = ("tag_scheme", "tag_names", "token_joiner")
TABLE_OPTIONS = frozenset(
    {"text_field", "label_field", "id_field", "header", "label_separator", "offsets", *_TOKEN_OPTIONS}
)
"""The options that all tables use."""
_OPTIONS = TABLE_OPTIONS | {"delimiter", "quotes"}
FORMAT = (
    Format(
        "csv",
        "comma-separated text and label, or a column of 0 and 1 for each class, or tokens and their tags in two cells",
        partial(_read, delimiter=",", quotes="csv"),
        _recognise_csv,
        _OPTIONS,
    ),
    Format(
        "tsv",
        "the same, separated by tabs; quotes are text",
        partial(_read, delimiter="\t", quotes="literal"),
        _recognise_tsv,
        _OPTIONS,
    ),
)
