"""A JSON array of objects with named fields, such as KUAKE-QIC's id, query, label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.column_names import TEXT_NAMES
from paddle_ner.data.formats.fields import Misfit, draft_of
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.json_source import Record, json_array
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected

_STRINGS = re.compile(r"\s*\[\s*\"(?:[^\"\\]|\\.)*\"\s*[,\]]\s*(\"|$)")
"""An array of strings, which says nothing but texts."""


def record_drafts(path: Path, records: Iterable[Record | Rejected], options: ReadOptions) -> Iterator[Draft | Rejected]:
    """The drafts of objects with a text and its annotation, whatever they are stored in."""
    names = TEXT_NAMES if options.text_field is None else (str(options.text_field),)
    label, number = str(options.label_field or "label"), str(options.id_field or "id")
    for record in records:
        if isinstance(record, Rejected):
            yield record
            continue
        try:
            yield draft_of(record.line, record.value, names, label, number)
        except Misfit as error:
            yield Rejected.at(path, record.line, str(error))


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected]:
    return record_drafts(path, json_array(path, options.encoding), options)


def _recognise(beginning: Beginning) -> Fit:
    if beginning.is_json_array:
        return Fit.POSSIBLE
    return Fit.NEAR if _STRINGS.match(beginning.text) else Fit.NO


FORMAT = Format(
    "json-array",
    "a JSON array of objects with a text and a label, labels or entities",
    _drafts,
    _recognise,
    frozenset({"text_field", "label_field", "id_field"}),
)
