"""A JSON array of objects with named fields, such as KUAKE-QIC's id, query, label."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.entity_objects import EntityReader
from paddle_ner.data.formats.fields import Misfit
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.formats.record_fields import EXPECTED, RELATIONS, Fields, missing, said
from paddle_ner.data.json_source import Record, json_records
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark
from paddle_ner.errors import InputError

_STRINGS = re.compile(r"\s*\[\s*\"(?:[^\"\\]|\\.)*\"\s*[,\]]\s*(\"|$)")
"""An array of strings, which has only texts."""
_HEAD = 500


def record_drafts(
    path: Path,
    records: Iterable[Record | Rejected | Remark],
    options: ReadOptions,
    known: Sequence[str] = (),
) -> Iterator[Draft | Rejected | Remark]:
    """The drafts of objects with a text and its annotation, whatever the file format.

    Args:
        path: the file, for messages.
        records: its objects.
        options: what the user says of the file.
        known: the keys that a record may have if its fields have their canonical names; empty: any.

    Raises:
        InputError: several keys may hold the text.
    """
    records = iter(records)
    head = list(islice(records, _HEAD))
    values = [record.value for record in head if isinstance(record, Record)]
    try:
        fields = Fields.of(values, options)
    except Misfit as error:
        line = next(record.line for record in head if isinstance(record, Record))
        raise InputError(f"{path}:{line}: {error}") from error
    reader = EntityReader.of(pair for value in values if (pair := fields.entities_in(value)) is not None)
    is_named = (options.text_field, options.label_field, options.id_field) != (None, None, None)
    is_prodigy = any("answer" in value for value in values)
    is_closed = fields.texts == ("text",) and not (options.texts_only or is_named or fields.is_guessed or is_prodigy)
    nothing_found = not options.texts_only
    keys: dict[str, None] = {}
    for record in chain(head, records):
        if not isinstance(record, Record):
            yield record
            continue
        try:
            draft = fields.draft(record.line, record.value, reader, texts_only=options.texts_only)
            strange = next((key for key in record.value if key not in known), None) if known and is_closed else None
            if strange in RELATIONS:
                raise Misfit(f"{strange!r} holds relations, which are not read: {EXPECTED}")
            if strange is not None:
                raise Misfit(
                    f"unknown key {strange!r}, expected {', '.join(known)} (put your own under meta, or"
                    " name the fields to read with --text-field, --label-field)"
                )
        except Misfit as error:
            yield Rejected.at(path, record.line, str(error))
            continue
        nothing_found = nothing_found and draft.spans is None and draft.label is None
        keys |= dict.fromkeys(record.value)
        yield draft
    if keys and not options.texts_only:
        yield from map(Remark, said(fields, list(keys)))
    if (remark := reader.remark()) is not None and not options.texts_only:
        yield Remark(remark)
    if nothing_found and fields.is_named and keys and fields.label not in keys:
        message = f"no key {fields.label}, as --label-field says: the keys are {', '.join(keys)}"
        yield Rejected.at(path, 1, message, fatal=True)
    elif nothing_found and (remark := missing(list(keys), fields)) is not None:
        yield Remark(remark)


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    return record_drafts(path, json_records(path, options.encoding), options)


def _recognise(beginning: Beginning) -> Fit:
    if beginning.is_json and beginning.json_shape.name == "array":
        return Fit.POSSIBLE
    return Fit.NEAR if _STRINGS.match(beginning.text) else Fit.NO


FORMAT = Format(
    "json-array",
    "a JSON array of objects with a text and a label, labels or entities",
    _drafts,
    _recognise,
    frozenset({"offsets", "text_field", "label_field", "id_field"}),
)
