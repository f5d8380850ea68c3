"""Excel sheets (.xlsx) with one text and its label, or labels, a row: read like a CSV; formulas as their values."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.delimited import Row
from paddle_ner.data.formats.csv_tsv import TABLE_OPTIONS, table_drafts
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark
from paddle_ner.data.source import open_bytes
from paddle_ner.environment import require
from paddle_ner.errors import InputError

_MAGIC = b"PK\x03\x04"
_SUFFIXES = (".xlsx", ".xlsm")


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    require("openpyxl", needed_for=f"{path}: reading Excel")
    import openpyxl

    with open_bytes(path) as stream:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about styles, which are not read
                book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            yield from table_drafts(path, _rows(_sheet(path, book.worksheets, options.sheet)), options, "cells")
        except (BadZipFile, KeyError, SyntaxError, zlib.error, ValueError, OSError) as error:
            raise InputError(f"{path}: cannot be read as an Excel workbook (.xlsx): {error}") from error


def _sheet(path: Path, sheets: Sequence[Any], wanted: str | None) -> Any:
    """The sheet of that name, or the only one with rows. Raises InputError if there is none, or several."""
    if not sheets:
        raise InputError(f"{path}: a workbook without a sheet of cells")
    titles = ", ".join(sheet.title for sheet in sheets)
    if wanted is not None:
        for sheet in sheets:
            if sheet.title == wanted:
                return sheet
        raise InputError(f"{path}: no sheet {wanted!r}, the workbook has {titles}")
    filled = [sheet for sheet in sheets if next(_rows(sheet), None) is not None]
    if len(filled) > 1:
        raise InputError(f"{path}: several sheets ({titles}), expected one: --sheet names the one to read")
    return filled[0] if filled else sheets[0]


def _rows(sheet: Any) -> Iterator[Row]:
    """The rows that are not empty, as wide as the first; a longer row keeps its cells, which is reported."""
    width: int | None = None
    sheet.reset_dimensions()  # programs write a wrong size, beyond which openpyxl would read nothing
    for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
        cells = [_cell(value) for value in values]
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells:
            continue
        width = len(cells) if width is None else width
        yield Row(number, cells + [""] * (width - len(cells)))


def _cell(value: Any) -> str:
    """A cell as a person reads it: Excel sometimes keeps integers as 1.0."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _recognise(beginning: Beginning) -> Fit:
    is_book = beginning.suffix in _SUFFIXES or "xl/workbook.xml" in beginning.text
    return Fit.SURE if beginning.magic.startswith(_MAGIC) and is_book else Fit.NO


FORMAT = Format(
    "excel",
    "an Excel sheet (.xlsx) of texts and labels, as csv; --sheet where there are several (extra tables)",
    _drafts,
    _recognise,
    TABLE_OPTIONS | {"sheet"},
    is_binary=True,
)
