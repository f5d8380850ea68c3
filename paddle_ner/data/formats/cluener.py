"""CLUENER: JSON lines whose label is {type: {surface: [[start, end], …]}}, the end inclusive.

One record of the published train file (line 1507) holds overlapping entities, which no flat tag scheme can express. It
is bad by default, as in any format: `skip` leaves it out, ``overlaps: outermost`` keeps it with the longer entity.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.fields import Misfit, id_of, offset_of, others, shown, text_of
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.json_source import Record, json_records
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark, Span

_EXPECTED = "expected {type: {surface: [[start, end], …]}}"


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    for record in json_records(path, options.encoding):
        if not isinstance(record, Record):
            yield record
            continue
        try:
            label = None if options.texts_only else record.value.get("label")
            spans = None if label is None else _spans(label)
            text_field = str(options.text_field or "text")
            text = text_of(record.value, (text_field,))
            number = str(options.id_field or "id")
            rest = others(record.value, text_field, "label", number)
            yield Draft(record.line, text, spans, id=id_of(record.value, number), fields=rest)
        except Misfit as error:
            yield Rejected.at(path, record.line, str(error))


def _spans(label: Any) -> tuple[Span, ...]:
    spans = []
    for name, surfaces in _mapping(label).items():
        for surface, ranges in _mapping(surfaces).items():
            if not isinstance(ranges, list):
                raise Misfit(f"offsets of {surface!r} are {shown(ranges)}, {_EXPECTED}")
            for pair in ranges:
                if not isinstance(pair, list) or len(pair) != 2:
                    raise Misfit(f"offsets of {surface!r} are {shown(pair)}, {_EXPECTED}")
                start, last = offset_of(pair[0], "start"), offset_of(pair[1], "end")
                spans.append(Span(start, last + 1, name, surface))
    return tuple(spans)


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Misfit(f'"label" holds {shown(value)}, {_EXPECTED}')
    return value


def _recognise(beginning: Beginning) -> Fit:
    return Fit.SURE if any(_are_surfaces(record.get("label")) for record in beginning.records) else Fit.NO


def _are_surfaces(label: Any) -> bool:
    return isinstance(label, dict) and all(isinstance(value, dict | list) for value in label.values())


FORMAT = Format(
    "cluener",
    "CLUENER JSON lines: label is {type: {surface: [[start, end]]}}, end inclusive",
    _drafts,
    _recognise,
    frozenset({"offsets", "text_field", "id_field"}),
)
