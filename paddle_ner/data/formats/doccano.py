"""Doccano exports, JSON lines: `labels` or `label` as [[start, end, name]] (old), or `entities` of objects (new).

Relations between entities, comments and other keys are not part of an Example and are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.fields import Misfit, id_of, label_of, offset_of, others, shown, spans_of, text_of
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.json_source import json_lines
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark, Span

_KEYS = ("entities", "labels", "label", "annotations", "cats")
"""Where annotations stand. Beside `entities`, `cats` are the intents of an intent and slot project."""


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    text_names = ("text", "data") if options.text_field is None else (str(options.text_field),)
    keys = _KEYS if options.label_field is None else (str(options.label_field),)
    number = str(options.id_field or "id")
    intents = 0
    for record in json_lines(path, options.encoding):
        if isinstance(record, Rejected):
            yield record
            continue
        try:
            text = text_of(record.value, text_names)
            given = {key: record.value[key] for key in keys if record.value.get(key) is not None}
            if "entities" in given and given.pop("cats", None):
                intents += 1
            draft = Draft(record.line, text, id=id_of(record.value, number))
            rest = others(record.value, *text_names, number, *given)
            yield replace(draft if options.texts_only else _annotated(draft, given), fields=rest)
        except Misfit as error:
            yield Rejected.at(path, record.line, str(error))
    if intents and not options.texts_only:
        records = f"{intents:,} record{'s' * (intents != 1)}"
        yield Remark(f"entities are read, not the cats that {records} also have (--label-field cats reads those)")


def _annotated(draft: Draft, given: dict[str, Any]) -> Draft:
    """A draft with what stands under the one key that holds anything."""
    filled = {key: value for key, value in given.items() if value != []}
    if len(filled) > 1:
        raise Misfit(f"{' and '.join(filled)} in one record, expected one kind of annotation (label_field names it)")
    if not filled:
        # [] alone says "no entity" in an NER export and "no class" in a classification export.
        return replace(draft, empty=bool(given))
    ((name, value),) = filled.items()
    if isinstance(value, str):
        return replace(draft, label=value)
    if not isinstance(value, list):
        raise Misfit(f'"{name}" is {shown(value)}, expected an array of labels or of entities')
    if isinstance(value[0], dict):
        if "start_offset" in value[0] or name == "entities":
            return replace(draft, spans=spans_of(value, name, "start_offset", "end_offset"))
        return replace(draft, label=tuple(map(_label_within, value)))
    if isinstance(value[0], list):
        return replace(draft, spans=tuple(_span(triple) for triple in value))
    return replace(draft, label=tuple(label_of(one, name) for one in value))


def _label_within(annotation: Any) -> str:
    if not isinstance(annotation, dict):
        raise Misfit(f'an annotation is {shown(annotation)}, expected an object with "label"')
    return label_of(annotation.get("label"), "label")


def _span(triple: Any) -> Span:
    if not isinstance(triple, list) or len(triple) != 3:
        raise Misfit(f"an entity is {shown(triple)}, expected [start, end, label]")
    return Span(offset_of(triple[0], "start"), offset_of(triple[1], "end"), label_of(triple[2], "label"))


def _recognise(beginning: Beginning) -> Fit:
    return Fit.SURE if any(map(_has_marks, beginning.records)) else Fit.NO


def _has_marks(record: dict[str, Any]) -> bool:
    """Whether this record can only be doccano's."""
    if isinstance(record.get("label"), list) or {"relations", "Comments", "annotations", "data"} & record.keys():
        return True
    labels, entities = record.get("labels"), record.get("entities")
    if isinstance(labels, list) and labels:
        return isinstance(labels[0], list)
    if isinstance(entities, list) and entities:
        return "start_offset" in entities[0] if isinstance(entities[0], dict) else isinstance(entities[0], list)
    return False


FORMAT = Format(
    "doccano",
    "doccano JSON lines: labels [[start, end, name]], or entities with start_offset and end_offset",
    _drafts,
    _recognise,
    frozenset({"offsets", "text_field", "label_field", "id_field"}),
)
