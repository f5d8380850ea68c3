"""CMeEE: a JSON array (or lines) of texts with `start_idx`, `end_idx`, `type`, or lines `text|||start end type|||`.

The end is inclusive. Copies whose ends are exclusive are told by the surfaces under `entity`. Some published entities
are nested: such a record is bad by default, ``overlaps: outermost`` or ``innermost`` keeps what is flat of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.fields import Misfit, id_of, label_of, offset_of, others, shown, text_of
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.json_source import Record, json_array, json_lines
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark, Span
from paddle_ner.data.source import lines

_BAR = "|||"
_TRIPLE = re.compile(r"\s*(\d+)\s+(\d+)\s+(\S+)\s*")
_TEXT_LINE = re.compile(r".*?\|\|\|(\s*\d+\s+\d+\s+[^\s|]+\s*(\|\|\||$))*\s*")
_ANNOTATED = re.compile(r"\|\|\|.*\d")
_HEAD = 500
_KEYS = '"start_idx", "end_idx" and "type"'


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    beginning = Beginning.of(path, options.encoding)
    if not (beginning.is_json_array or beginning.is_json_lines):
        yield from _text_lines(path, options)
        return
    names = (str(options.text_field or "text"),)
    exclusive = _ends_are_exclusive(islice(_records(beginning, options), _HEAD), names)
    if exclusive:
        yield Remark("the surfaces say that end_idx is exclusive, unlike in the published CMeEE: read so")
    number = str(options.id_field or "id")
    for record in _records(beginning, options):
        if isinstance(record, Rejected):
            yield record
            continue
        try:
            text = text_of(record.value, names)
            given = record.value.get("entities")
            spans = None if given is None else _spans(given, exclusive)
            rest = others(record.value, *names, "entities", number)
            yield Draft(record.line, text, spans, id=id_of(record.value, number), fields=rest)
        except Misfit as error:
            yield Rejected.at(path, record.line, str(error))


def _records(beginning: Beginning, options: ReadOptions) -> Iterator[Record | Rejected]:
    return (json_array if beginning.is_json_array else json_lines)(beginning.path, options.encoding)


def _ends_are_exclusive(records: Iterator[Record | Rejected], names: tuple[str, ...]) -> bool:
    """Whether more surfaces fit with exclusive ends than with inclusive ones."""
    inclusive = exclusive = 0
    for record in records:
        try:
            if isinstance(record, Record):
                text = text_of(record.value, names)
                for span in _spans(record.value.get("entities") or [], True):
                    inclusive += text[span.start : span.end + 1] == span.surface
                    exclusive += text[span.start : span.end] == span.surface
        except Misfit:
            continue  # reported when the record is read
    return exclusive > inclusive


def _spans(value: Any, exclusive: bool) -> list[Span]:
    if not isinstance(value, list):
        raise Misfit(f'"entities" is {shown(value)}, expected an array of objects with {_KEYS}')
    return [_span(entity, exclusive) for entity in value]


def _span(entity: Any, exclusive: bool) -> Span:
    if not isinstance(entity, dict) or not {"start_idx", "end_idx", "type"} <= entity.keys():
        raise Misfit(f"an entity is {shown(entity)}, expected an object with {_KEYS}")
    surface = entity.get("entity")
    if surface is not None and not isinstance(surface, str):
        raise Misfit(f'"entity" is {shown(surface)}, expected a string')
    start, end = offset_of(entity["start_idx"], "start_idx"), offset_of(entity["end_idx"], "end_idx")
    return Span(start, end if exclusive else end + 1, label_of(entity["type"], "type"), surface)


def _text_lines(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected]:
    for line in lines(path, options.encoding):
        if line.fault is not None:
            yield Rejected.at(path, line.number, line.fault)
        elif line.text.strip():
            try:
                yield Draft(line.number, *_parts(line.text))
            except Misfit as error:
                yield Rejected.at(path, line.number, str(error))


def _parts(line: str) -> tuple[str, list[Span]]:
    text, *parts = line.split(_BAR)
    if not parts:
        raise Misfit("no |||, expected text|||start end type|||, or text||| where there is no entity")
    spans = []
    for part in parts[:-1] if not parts[-1].strip() else parts:
        triple = _TRIPLE.fullmatch(part)
        if triple is None:
            raise Misfit(f"{shown(part)} between |||, expected start end type")
        spans.append(Span(int(triple[1]), int(triple[2]) + 1, triple[3]))
    return text, spans


def _recognise(beginning: Beginning) -> Fit:
    if beginning.is_json_array or beginning.is_json_lines:
        keys = re.search(r'"start_idx"\s*:', beginning.text) and re.search(r'"end_idx"\s*:', beginning.text)
        return Fit.SURE if keys else Fit.NO
    if beginning.most(_TEXT_LINE.fullmatch):
        return Fit.SURE
    return Fit.NEAR if beginning.most(_ANNOTATED.search) else Fit.NO


FORMAT = Format(
    "cmeee",
    "CMeEE: objects with entities of start_idx, end_idx, type; or lines text|||start end type|||; end inclusive",
    _drafts,
    _recognise,
    frozenset({"offsets", "text_field", "id_field"}),
)
