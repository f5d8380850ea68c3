"""CMeEE: a JSON array (or lines) of texts with `start_idx`, `end_idx`, `type`, or lines `text|||start end type|||`.

The end is inclusive. Copies whose ends are exclusive are recognised by the surfaces under `entity`. Some published
entities are nested: such a record is bad by default; ``overlaps: outermost`` or ``innermost`` keeps its flat entities.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.entity_objects import Counting, EntityReader
from paddle_ner.data.formats.fields import Misfit, id_of, others, shown, text_of
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.json_source import Record, json_records
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark, Span
from paddle_ner.data.source import lines

_BAR = "|||"
_TRIPLE = re.compile(r"\s*(\d+)\s+(\d+)\s+(\S+)\s*")
_TEXT_LINE = re.compile(r".*?\|\|\|(\s*\d+\s+\d+\s+[^\s|]+\s*(\|\|\||$))*\s*")
_ANNOTATED = re.compile(r"\|\|\|.*\d")
_HEAD = 500
_INCLUSIVE = Counting(0, True)


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    beginning = Beginning.of(path, options.encoding)
    if not beginning.is_json:
        yield from _text_lines(path, options)
        return
    names = (str(options.text_field or "text"),)
    number = str(options.id_field or "id")
    records = json_records(path, options.encoding)
    head = list(islice(records, _HEAD))
    reader = EntityReader.of(_entities(head, names[0]))
    if reader.counting is None:
        reader = EntityReader(_INCLUSIVE)
    elif reader.counting != _INCLUSIVE:
        yield Remark(f"the surfaces say that its {reader.counting}, unlike in the published CMeEE: read so")
    for record in chain(head, records):
        if not isinstance(record, Record):
            yield record
            continue
        try:
            text = text_of(record.value, names)
            given = None if options.texts_only else record.value.get("entities")
            spans = None if given is None else reader.spans(given, "entities", text)
            rest = others(record.value, *names, "entities", number)
            yield Draft(record.line, text, spans, id=id_of(record.value, number), fields=rest)
        except Misfit as error:
            yield Rejected.at(path, record.line, str(error))


def _entities(head: Sequence[Any], name: str) -> Iterator[tuple[str, Any]]:
    """The texts of the given records and their entities."""
    for record in head:
        if isinstance(record, Record) and isinstance(record.value.get(name), str):
            yield record.value[name], record.value.get("entities")


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
    if beginning.is_json:
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
