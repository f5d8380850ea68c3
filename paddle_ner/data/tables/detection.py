"""The columns of a table, from its first rows and from what the user says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from paddle_ner.data.options import ReadOptions, flag_of
from paddle_ner.data.tables.cells import Column
from paddle_ner.data.tables.choice import ColumnChooser
from paddle_ner.data.tables.columns import Columns
from paddle_ner.data.tables.header import has_header, refuse_late_names
from paddle_ner.data.tag_cells import TagCells
from paddle_ner.errors import InputError

SAMPLE = 500
"""Rows from which the columns are detected."""


def columns_of(where: str, rows: Sequence[Sequence[str]], options: ReadOptions, *, named: bool = False) -> Columns:
    """The columns of a table, from its first rows and the options.

    Args:
        where: the file and line of the first row, for messages.
        rows: the first rows, a header among them if there is one.
        options: what the user says about the columns.
        named: whether the first row is known to name the columns, as in formats that store the names separately.

    Raises:
        InputError: the columns cannot be recognized, or more than one reading fits.
    """
    first = [cell.strip() for cell in rows[0]]
    data = [row for row in rows[1:] if len(row) == len(first)]
    header = named or has_header(where, first, data, options)
    body = data if header else [row for row in rows if len(row) == len(first)]
    table = [Column([row[index] for row in body]) for index in range(len(first))]
    fields = (options.text_field, options.label_field, options.id_field)
    text, label, number = (_named_column(where, field, first, header) for field in fields)
    if not header and options.header is None:
        refuse_late_names(where, rows)
    chooser = ColumnChooser(where, first, table, text, label, number)
    columns = chooser.by_name(options) if header else chooser.by_content(options)
    return _with_tags(where, columns, table, options)


def _with_tags(where: str, columns: Columns, table: Sequence[Column], options: ReadOptions) -> Columns:
    """The columns, with how they hold tags if they do. Raises InputError for options that only apply to tags."""
    tags, listed, separator, entities = None, False, None, False
    if columns.label is not None and table[columns.label].is_entities:
        entities = True
    elif columns.label is not None and options.label_separator is None:
        label = table[columns.label]
        tags = TagCells.of(table[columns.text].cells, label.cells)
        listed = tags is None and label.is_lists
        separator = None if tags is not None or listed else label.separator
        if label.is_objects and not options.texts_only:
            raise InputError(
                f"{where}: label cells hold JSON objects, such as {label.filled[0][:30]!r}, expected names of labels:"
                ' write each row as a JSON line, {"text": …, "entities": [{"start": …, "end": …, "label": …}]}'
            )
    idle = [name for name in ("tag_scheme", "tag_names", "token_joiner") if getattr(options, name) is not None]
    if tags is None and idle:
        raise InputError(
            f"{where}: {flag_of(idle[0])} does nothing, since no column holds a tag for each token: leave it out, or"
            " name the column with --label-field"
        )
    return replace(columns, tags=tags, listed=listed, separator=separator, entities=entities)


def _named_column(where: str, field: str | int | None, names: Sequence[str], header: bool) -> int | None:
    if isinstance(field, int):
        if field > len(names):
            raise InputError(f"{where}: no column {field}, the row has {len(names)}")
        return field - 1
    if isinstance(field, str):
        if not header or field not in names:
            known = f"the header has {', '.join(names)}" if header else "the file has no header"
            raise InputError(f"{where}: no column {field!r}, {known}")
        return list(names).index(field)
    return None
