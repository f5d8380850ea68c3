"""A JSON array of objects with named fields, such as KUAKE-QIC's id, query, label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.column_names import TEXT_NAMES, labels_among
from paddle_ner.data.formats.fields import Misfit, draft_of
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.json_source import Record, json_array
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark

_STRINGS = re.compile(r"\s*\[\s*\"(?:[^\"\\]|\\.)*\"\s*[,\]]\s*(\"|$)")
"""An array of strings, which says nothing but texts."""
_NO_LABELS = ("id", "meta", "scores", "entities", "labels")
"""Keys under which no label stands, or one that would have been read."""


def record_drafts(
    path: Path, records: Iterable[Record | Rejected], options: ReadOptions
) -> Iterator[Draft | Rejected | Remark]:
    """The drafts of objects with a text and its annotation, whatever they are stored in."""
    names = TEXT_NAMES if options.text_field is None else (str(options.text_field),)
    label, number = str(options.label_field or "label"), str(options.id_field or "id")
    nothing_found = not options.texts_only
    keys: dict[str, None] = {}
    for record in records:
        if isinstance(record, Rejected):
            yield record
            continue
        try:
            draft = draft_of(record.line, record.value, names, label, number)
        except Misfit as error:
            yield Rejected.at(path, record.line, str(error))
            continue
        nothing_found = nothing_found and draft.spans is None and draft.label is None
        keys |= dict.fromkeys(record.value)
        yield draft
    other = [key for key in keys if key not in (*names, number, label, *_NO_LABELS)]
    if nothing_found and other:
        likely = [other[index] for index in labels_among(other)]
        field = likely[0] if len(likely) == 1 else "NAME"
        found = ", ".join(keys)
        yield Remark(f"no label found: the keys are {found}, expected {label} (--label-field {field} names another)")


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
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
    frozenset({"offsets", "text_field", "label_field", "id_field"}),
)
