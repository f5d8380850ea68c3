"""CSV and TSV with one text and its label, or labels, a row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected
from paddle_ner.data.source import lines
from paddle_ner.errors import InputError, Problem

TEXT_NAMES = ("text", "text_a", "sentence", "content", "query", "title", "review", "comment")
LABEL_NAMES = ("label", "labels", "class", "category", "target")


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where things stand in a row, counted from 0, and how many cells a row has."""

    count: int
    text: int
    label: int | None
    id: int | None
    named: bool


def _drafts(path: Path, options: ReadOptions, *, delimiter: str, quotes: str) -> Iterator[Draft | Rejected]:
    delimiter = options.delimiter or delimiter
    rows = _quoted(path, options.encoding, delimiter)
    if (options.quotes or quotes) == "literal":
        rows = _literal(path, options.encoding, delimiter)
    place: _Columns | None = None
    for row in rows:
        if isinstance(row, Rejected):
            yield row
            continue
        if place is None:
            place = _columns(path, row, options)
            if place.named:
                continue
        if len(row.cells) != place.count:
            known = f"the {place.count} of the header" if place.named else f"{place.count}"
            message = f"{len(row.cells)} columns, expected {known}, separated by {_shown(delimiter)}"
            yield Rejected.at(path, row.line, message.replace("1 columns", "one column"))
            continue
        yield Draft(
            row.line,
            row.cells[place.text],
            label=None if place.label is None else _label(row.cells[place.label], options.label_separator),
            id=None if place.id is None else row.cells[place.id] or None,
        )


def _label(cell: str, separator: str | None) -> str | tuple[str, ...]:
    if separator is None:
        return cell.strip()
    return tuple(label.strip() for label in cell.split(separator)) if cell.strip() else ()


def _literal(path: Path, encoding: str, delimiter: str) -> Iterator[_Row | Rejected]:
    for line in lines(path, encoding):
        if line.fault is not None:
            yield Rejected.at(path, line.number, line.fault)
        elif line.text.strip(" "):
            yield _Row(line.number, line.text.split(delimiter))


def _quoted(path: Path, encoding: str, delimiter: str) -> Iterator[_Row | Rejected]:
    faults: dict[int, str] = {}

    def texts() -> Iterator[str]:
        for line in lines(path, encoding):
            if line.fault is not None:
                faults[line.number] = line.fault
            yield line.text + "\n"

    reader = csv.reader(texts(), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            expected = "expected quotes round the whole cell, those inside doubled (quotes: literal reads them as text)"
            yield Rejected.at(path, line, f"bad quoting: {error}, {expected}")
            continue
        if faults:
            yield Rejected(tuple(Problem(str(path), number, fault) for number, fault in faults.items()))
            faults.clear()
        elif len(cells) > 1 or (cells and cells[0].strip()):
            yield _Row(line, cells)


def _columns(path: Path, first: _Row, options: ReadOptions) -> _Columns:
    """Where the columns stand, from the first row and the options. Raises InputError where that cannot be told."""
    names = [cell.strip() for cell in first.cells]
    fields = (options.text_field, options.label_field, options.id_field)
    header = options.header
    if header is None:
        header = any(isinstance(field, str) for field in fields) or any(name.lower() in TEXT_NAMES for name in names)
    where = f"{path}:{first.line}"

    def find(field: str | int | None, known: tuple[str, ...]) -> int | None:
        if isinstance(field, int):
            if field > len(names):
                raise InputError(f"{where}: no column {field}, the row has {len(names)}")
            return field - 1
        if isinstance(field, str):
            if not header or field not in names:
                columns = f"the header has {', '.join(names)}" if header else "the file has no header"
                raise InputError(f"{where}: no column {field!r}, {columns}")
            return names.index(field)
        return next((names.index(name) for name in names if header and name.lower() in known), None)

    text, label, number = (
        find(field, known) for field, known in zip(fields, (TEXT_NAMES, LABEL_NAMES, ("id",)), strict=True)
    )
    if not header:
        if len(names) < 2:
            raise InputError(f"{where}: one column, expected a text and a label (format text reads one text a line)")
        taken = {label, number} if text is None else {text, number}
        text = text if text is not None else next(i for i in range(len(names)) if i not in taken)
        label = label if label is not None else next((i for i in range(len(names)) if i not in {text, number}), None)
    if text is None:
        raise InputError(f"{where}: no text among {', '.join(names)}, expected {', '.join(TEXT_NAMES)} (or text_field)")
    others = set(range(len(names))) - {text, number}
    if label is None and others:
        raise InputError(
            f"{where}: no label among {', '.join(names)}, expected {', '.join(LABEL_NAMES)} (or label_field)"
        )
    return _Columns(len(names), text, label, number, header)


def _shown(delimiter: str) -> str:
    return {"\t": "a tab", ",": "a comma"}.get(delimiter, repr(delimiter))


def _csv(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected]:
    return _drafts(path, options, delimiter=",", quotes="csv")


def _tsv(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected]:
    return _drafts(path, options, delimiter="\t", quotes="literal")


def _recognise_csv(beginning: Beginning) -> Fit:
    return Fit.POSSIBLE if beginning.suffix == ".csv" else Fit.NO


def _recognise_tsv(beginning: Beginning) -> Fit:
    if beginning.suffix == ".tsv":
        return Fit.POSSIBLE
    tabs = beginning.suffix != ".csv" and beginning.most(lambda line: "\t" in line.strip("\t"))
    return Fit.POSSIBLE if tabs else Fit.NO


_OPTIONS = frozenset({"text_field", "label_field", "id_field", "header", "delimiter", "quotes", "label_separator"})
CSV = Format("csv", "comma-separated text and label, with or without a header", _csv, _recognise_csv, _OPTIONS)
TSV = Format(
    "tsv", "tab-separated text and label, with or without a header, quotes literal", _tsv, _recognise_tsv, _OPTIONS
)
FORMAT = (CSV, TSV)
