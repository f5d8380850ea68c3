"""Whether the first row of a table names its columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from paddle_ner.data.options import ReadOptions
from paddle_ner.data.tables.cells import FEW, Column
from paddle_ner.data.tables.names import is_known, labels_among, texts_among
from paddle_ner.data.tag_cells import may_be_tags
from paddle_ner.errors import InputError

_BEGINNING = 10
"""Rows among which a header may follow other lines."""
_NAME = re.compile(r"[A-Za-z][\w.-]{0,30}", re.ASCII)


def has_header(where: str, first: Sequence[str], data: Sequence[Sequence[str]], options: ReadOptions) -> bool:
    """Whether the first row names the columns. Raises InputError if both readings are possible."""
    if options.header is not None:
        return options.header
    if any(isinstance(field, str) for field in (options.text_field, options.label_field, options.id_field)):
        return True
    if all(is_known(cell) for cell in first if cell):
        data = [
            row for row in data if [cell.strip() for cell in row] != first
        ]  # the header again, in a file joined from several
    table = [Column([row[index] for row in data]) for index in range(len(first))]
    tagged = [cell for cell, column in zip(first, table, strict=True) if column.is_tag_cells]
    if tagged:
        return not any(map(may_be_tags, tagged))
    if any(is_known(cell) and cell not in column.filled for cell, column in zip(first, table, strict=True)):
        return True
    if any(
        len(column.filled) > 1 and column.is_numeric and cell and not Column([cell]).is_numeric
        for cell, column in zip(first, table, strict=True)
    ):
        return True
    labels = [cell for cell, column in zip(first, table, strict=True) if column.is_label and cell not in column.filled]
    texts = [cell for cell, column in zip(first, table, strict=True) if _may_name(cell, column)]
    if labels and texts:
        raise InputError(
            f"{where}: {', '.join(first)} may be the names of the columns or the first record, say --header or"
            " --no-header"
        )
    return False


def refuse_late_names(where: str, rows: Sequence[Sequence[str]]) -> None:
    """Raise InputError if a later row names a text and a label column."""
    for row in rows[1:_BEGINNING]:
        if len(row) > 1 and texts_among(row) and labels_among(row) and all(is_known(cell) for cell in row if cell):
            raise InputError(
                f"{where}: a row below it names the columns ({', '.join(row)}): remove the lines above that, or say"
                " --no-header"
            )


def _may_name(cell: str, column: Column) -> bool:
    """Whether a cell may name a column of texts: shorter than all of them, or an ASCII word above other texts."""
    if len(column.filled) < FEW or column.is_label:
        return False
    if len(cell) < 8 and 2 * len(cell) < min(map(len, column.filled)):
        return True
    others = sum(not text.isascii() or " " in text for text in column.filled)
    return _NAME.fullmatch(cell) is not None and 10 * others >= 9 * len(column.filled)
