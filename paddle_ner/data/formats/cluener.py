"""CLUENER: JSON lines whose label is {type: {surface: [[start, end], …]}}, the end inclusive.

One record of the published train file (line 1507) has overlapping entities, which no flat tag scheme can express. It
is bad by default, as in any format: `skip` leaves it out, ``overlaps: outermost`` keeps it with the longer entity.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.fields import Misfit, id_of, offset_of, others, shown, text_of
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.json_source import Record, json_records
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark, Span

_HEAD = 500
_EXPECTED = "expected {type: {surface: [[start, end], …]}}"


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    records = json_records(path, options.encoding)
    head = list(islice(records, _HEAD))
    text_field = str(options.text_field or "text")
    inclusive = _ends_are_inclusive(head, text_field)
    if not inclusive and not options.texts_only:
        yield Remark("the surfaces say that its ends are exclusive, unlike in the published CLUENER: read so")
    for record in chain(head, records):
        if not isinstance(record, Record):
            yield record
            continue
        try:
            label = None if options.texts_only else record.value.get("label")
            spans = None if label is None else _spans(label, inclusive)
            text = text_of(record.value, (text_field,))
            number = str(options.id_field or "id")
            rest = others(record.value, text_field, "label", number)
            yield Draft(record.line, text, spans, id=id_of(record.value, number), fields=rest)
        except Misfit as error:
            yield Rejected.at(path, record.line, str(error))


def _ends_are_inclusive(head: Sequence[Any], text_field: str) -> bool:
    """Whether at least one surface of at least two records does not fit with exclusive ends."""
    fitting: list[bool] = []
    for record in head:
        try:
            if isinstance(record, Record) and record.value.get("label"):
                text = text_of(record.value, (text_field,))
                spans = _spans(record.value["label"], False)
                fitting.extend(text[span.start : span.end] == span.surface for span in spans)
        except Misfit:
            continue  # reported when the record is read
    return len(fitting) < 2 or not all(fitting)


def _spans(label: Any, inclusive: bool) -> tuple[Span, ...]:
    spans = []
    for name, surfaces in _mapping(label).items():
        for surface, ranges in _mapping(surfaces).items():
            if not isinstance(ranges, list):
                raise Misfit(f"offsets of {surface!r} are {shown(ranges)}, {_EXPECTED}")
            for pair in ranges:
                if not isinstance(pair, list) or len(pair) != 2:
                    raise Misfit(f"offsets of {surface!r} are {shown(pair)}, {_EXPECTED}")
                start, end = offset_of(pair[0], "start"), offset_of(pair[1], "end")
                spans.append(Span(start, end + inclusive, name, surface))
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
