"""Doccano exports, JSON lines or an array: `labels` or `label` as [[start, end, name]], or `entities` of objects.

Relations between entities, comments and other keys are not part of an Example and are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.entity_objects import EntityReader, are_entities
from paddle_ner.data.formats.fields import Misfit, id_of, label_of, others, shown, text_of
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.formats.hf_tokens import tagged_text
from paddle_ner.data.formats.record_fields import Fields, missing
from paddle_ner.data.json_source import Record, json_records
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark

_KEYS = ("entities", "labels", "label", "annotations", "cats")
"""Where annotations are. Beside `entities`, `cats` are the intents of an intent and slot project."""
_HEAD = 500


@dataclass(slots=True)
class _LeftOut:
    """What was not read: intents beside entities, and classes that several people chose."""

    intents: int = 0
    repeated: int = 0

    def remarks(self) -> Iterator[str]:
        if self.intents:
            records = f"{self.intents:,} record{'s' * (self.intents != 1)}"
            yield f"entities are read, not the cats that {records} also have (--label-field cats reads those)"
        if self.repeated:
            labels = "1 label stands" if self.repeated == 1 else f"{self.repeated:,} labels stand"
            yield f"{labels} twice in a record: read once"


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    text_names = ("text", "data") if options.text_field is None else (str(options.text_field),)
    keys = _KEYS if options.label_field is None else (str(options.label_field),)
    number = str(options.id_field or "id")
    records = json_records(path, options.encoding)
    head = list(islice(records, _HEAD))
    reader = EntityReader.of(_entities(head, text_names, keys))
    left_out = _LeftOut()
    unread: dict[str, None] = {}  # keys of the records while none is annotated
    is_annotated = False
    for record in chain(head, records):
        if not isinstance(record, Record):
            yield record
            continue
        try:
            text = text_of(record.value, text_names)
            given = {key: record.value[key] for key in keys if record.value.get(key) is not None}
            if "entities" in given and given.pop("cats", None):
                left_out.intents += 1
            draft = Draft(record.line, text, id=id_of(record.value, number))
            text_name = next(name for name in text_names if name in record.value)
            rest = others(record.value, text_name, number, *given)
            is_annotated = is_annotated or bool(given)
            if not is_annotated:
                unread |= dict.fromkeys(record.value)
            yield replace(draft if options.texts_only else _annotated(draft, given, reader, left_out), fields=rest)
        except Misfit as error:
            yield Rejected.at(path, record.line, str(error))
    if not options.texts_only:
        yield from map(Remark, left_out.remarks())
        yield from map(Remark, filter(None, [reader.remark()]))
        if not is_annotated and (remark := missing(list(unread), Fields(text_names))) is not None:
            yield Remark(remark)


def _entities(head: Sequence[Any], text_names: Sequence[str], keys: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """The texts of the given records and the arrays that may be their entities."""
    for record in head:
        if isinstance(record, Record):
            text = next((record.value[name] for name in text_names if isinstance(record.value.get(name), str)), None)
            if text is not None:
                yield from ((text, record.value[key]) for key in keys if are_entities(record.value.get(key)))


def _annotated(draft: Draft, given: dict[str, Any], reader: EntityReader, left_out: _LeftOut) -> Draft:
    """A draft with the annotation under the only key that has any."""
    filled = {key: value for key, value in given.items() if value != []}
    if len(filled) > 1:
        raise Misfit(f"{' and '.join(filled)} in one record, expected one kind of annotation (--label-field names it)")
    if not filled:
        # [] alone says "no entity" in an NER export and "no class" in a classification export.
        return replace(draft, empty=bool(given))
    ((name, value),) = filled.items()
    if isinstance(value, str | int) and not isinstance(value, bool):
        return replace(draft, label=label_of(value, name))
    if not isinstance(value, list):
        raise Misfit(f'"{name}" is {shown(value)}, expected an array of labels or of entities')
    if isinstance(value[0], list) or name == "entities" or are_entities(value):
        return replace(draft, spans=reader.spans(value, name, draft.text))
    if isinstance(value[0], dict):
        labels = tuple(map(_label_within, value))
    else:
        labels = tuple(label_of(label, name) for label in value)
    different = tuple(dict.fromkeys(labels))
    left_out.repeated += len(labels) - len(different)
    return replace(draft, label=different)


def _label_within(annotation: Any) -> str:
    if not isinstance(annotation, dict):
        raise Misfit(f'an annotation is {shown(annotation)}, expected an object with "label"')
    return label_of(annotation.get("label"), "label")


def _recognise(beginning: Beginning) -> Fit:
    records = beginning.records
    if any(tagged_text(record) is not None for record in records):
        return Fit.NO  # it has a tag for each character
    return Fit.SURE if any(map(_has_marks, records)) else Fit.NO


def _has_marks(record: dict[str, Any]) -> bool:
    """Whether this record can only be doccano's."""
    if not any(isinstance(record.get(name), str) for name in ("text", "data")):
        return False
    annotations = record.get("annotations")
    if isinstance(annotations, list):
        # Annotations with a result are Label Studio's.
        return not any(isinstance(annotation, dict) and "result" in annotation for annotation in annotations)
    if "annotation_id" in record:
        return False  # its JSON-MIN
    if isinstance(record.get("label"), list) or {"relations", "Comments"} & record.keys() or "text" not in record:
        return True
    labels, entities = record.get("labels"), record.get("entities")
    if isinstance(labels, list) and labels:
        return isinstance(labels[0], list)
    if isinstance(entities, list) and entities:
        return "start_offset" in entities[0] if isinstance(entities[0], dict) else isinstance(entities[0], list)
    return isinstance(entities, list) and isinstance(record.get("cats"), list)


FORMAT = Format(
    "doccano",
    "doccano JSON lines: labels [[start, end, name]], or entities with start_offset and end_offset",
    _drafts,
    _recognise,
    frozenset({"offsets", "text_field", "label_field", "id_field"}),
    counted="utf-16",
)
