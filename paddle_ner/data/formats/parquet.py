"""Parquet tables: a text and a label per row, or what Hugging Face's `datasets` stores.
The names of classes and tags that are numbers are those that `datasets` leaves in the file. The line of a problem is
the number of the row.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.delimited import Row
from paddle_ner.data.formats.csv_tsv import table_drafts
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.formats.hf_tokens import TAGS, are_tokens, token_drafts
from paddle_ner.data.formats.json_array import record_drafts
from paddle_ner.data.json_source import Record
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark
from paddle_ner.data.source import open_bytes
from paddle_ner.environment import require
from paddle_ner.errors import InputError

_MAGIC = b"PAR1"
_FAULTS = (ValueError, OSError, NotImplementedError)
"""The base classes of pyarrow's exceptions for a file that it cannot read."""
_PLAIN = (str, int, float, bool, type(None))


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    require("pyarrow", needed_for=f"{path}: reading Parquet")
    import pyarrow as pa
    from pyarrow import parquet

    with open_bytes(path) as stream:
        try:
            table = parquet.ParquetFile(stream)
        except _FAULTS as error:
            raise _unreadable(path, error) from error
        columns = table.schema_arrow
        names = _names(columns.metadata or {})
        if options.tag_names is not None:
            names = {key: classes for key, classes in names.items() if key not in TAGS and key != options.label_field}
        records = _records(path, table, names)
        first = next(records, None)
        if first is None:
            return
        rest = chain((first,), records)
        if are_tokens(first.value):
            yield from token_drafts(path, rest, options)
        elif any(pa.types.is_nested(column.type) for column in columns):
            yield from record_drafts(path, rest, options)
        else:
            yield from table_drafts(path, _rows(columns.names, rest), options, "columns", named=True)


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(f"{path}: cannot be read as Parquet: {str(error).splitlines()[0]}")


def _records(path: Path, table: Any, names: Mapping[str, Sequence[str]]) -> Iterator[Record]:
    """The rows as objects, counted from 1; the names of classes and tags replace their numbers."""
    number = 0
    try:
        for batch in table.iter_batches():
            for row in batch.to_pylist():
                number += 1
                yield Record(number, {key: _named(value, names.get(key)) for key, value in row.items()})
    except _FAULTS as error:
        raise _unreadable(path, error) from error


def _named(value: Any, names: Sequence[str] | None) -> Any:
    """A value as JSON has it, and a class by its name. A number without a name (-1 of a test set) is no class."""
    if names is None:
        return _plain(value)
    if isinstance(value, list):
        return [_named(item, names) for item in value]
    if isinstance(value, int):
        return names[value] if 0 <= value < len(names) else None
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return (
            None if math.isnan(value) else str(value)
        )  # pandas stores missing values as NaN, which JSON does not have
    return value if isinstance(value, _PLAIN) else str(value)


def _names(metadata: Mapping[bytes, bytes]) -> dict[str, tuple[str, ...]]:
    """The names of classes or tags by column, as `datasets` writes them into the file."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        named = {key: _class_names(feature) for key, feature in features.items()}
    except (KeyError, ValueError, TypeError, AttributeError):
        return {}
    return {key: names for key, names in named.items() if names}


def _class_names(feature: Any) -> tuple[str, ...]:
    if isinstance(feature, list) and len(feature) == 1:
        return _class_names(feature[0])
    if not isinstance(feature, dict):
        return ()
    if feature.get("_type") == "ClassLabel":
        return tuple(map(str, feature.get("names") or ()))
    return _class_names(feature.get("feature"))


def _rows(names: Sequence[str], records: Iterator[Record]) -> Iterator[Row | Rejected]:
    yield Row(1, list(names))
    for record in records:
        yield Row(record.line, ["" if value is None else str(value) for value in record.value.values()])


def _recognise(beginning: Beginning) -> Fit:
    return Fit.SURE if beginning.magic.startswith(_MAGIC) else Fit.NO


FORMAT = Format(
    "parquet",
    "Parquet: a text and a label a row, or tokens and tags as Hugging Face's datasets stores them (extra tables)",
    _drafts,
    _recognise,
    frozenset(
        {
            "offsets",
            "text_field",
            "label_field",
            "id_field",
            "label_separator",
            "tag_scheme",
            "tag_names",
            "token_joiner",
        }
    ),
    is_binary=True,
)
