"""Doccano exports, JSON lines: `labels` or `label` as [[start, end, name]] (old), or `entities` of objects (new).

Relations between entities, comments and other keys are not part of an Example and are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.fields import Misfit, id_of, label_of, offset_of, others, shown, spans_of, text_of
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.json_source import json_lines
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Span

_KEYS = ("entities", "labels", "label", "annotations")


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected]:
    text_names = ("text", "data") if options.text_field is None else (str(options.text_field),)
    keys = _KEYS if options.label_field is None else (str(options.label_field),)
    number = str(options.id_field or "id")
    # [] says "no entity" in an NER export and "no class" in a classification export; the records round it tell which.
    classes = False
    for record in json_lines(path, options.encoding):
        if isinstance(record, Rejected):
            yield record
            continue
        try:
            text = text_of(record.value, text_names)
            name = next((key for key in keys if record.value.get(key) is not None), None)
            spans, label = (None, None) if name is None else _annotation(record.value[name], name, classes)
            classes = classes or label is not None
            rest = others(record.value, *text_names, number, *([] if name is None else [name]))
            yield Draft(record.line, text, spans, label, id_of(record.value, number), fields=rest)
        except Misfit as error:
            yield Rejected.at(path, record.line, str(error))


def _annotation(value: Any, name: str, classes: bool) -> tuple[Sequence[Span] | None, str | Sequence[str] | None]:
    if isinstance(value, str):
        return None, value
    if not isinstance(value, list):
        raise Misfit(f'"{name}" is {shown(value)}, expected an array of labels or of entities')
    if not value:
        return (None, ()) if classes else ((), None)
    if isinstance(value[0], dict):
        if "start_offset" in value[0] or name == "entities":
            return spans_of(value, name, "start_offset", "end_offset"), None
        return None, tuple(label_of(one.get("label"), "label") for one in value if isinstance(one, dict))
    if isinstance(value[0], list):
        return tuple(_span(triple) for triple in value), None
    return None, tuple(label_of(one, name) for one in value)


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
    if isinstance(entities, list) and entities and isinstance(entities[0], dict):
        return "start_offset" in entities[0]
    return False


FORMAT = Format(
    "doccano",
    "doccano JSON lines: labels [[start, end, name]], or entities with start_offset and end_offset",
    _drafts,
    _recognise,
    frozenset({"text_field", "label_field", "id_field"}),
)
