"""spaCy's training pairs: ``[text, {"entities": [[start, end, label], …]}]`` or ``[text, {"cats": {label: 1.0}}]``.

The file is an array of pairs, or a pair per line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.entity_objects import EntityReader
from paddle_ner.data.formats.fields import Misfit, others, shown
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.json_source import Record, json_records
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark

_ARRAY = re.compile(r"\s*\[\s*(null\s*,\s*)*\[\s*\"")
_LINE = re.compile(r"\s*\[\s*\".*\{\s*\"(entities|cats)\"\s*:.*\]\s*,?\s*")
_EXPECTED = '[text, {"entities": [[start, end, label], …]}] or [text, {"cats": {label: 1}}]'


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    for record in json_records(path, options.encoding, list):
        if not isinstance(record, Record):
            yield record
            continue
        try:
            yield _draft(record.line, record.value, options.texts_only)
        except Misfit as error:
            yield Rejected.at(path, record.line, str(error))


def _draft(line: int, pair: list[Any], texts_only: bool) -> Draft:
    if len(pair) != 2 or not isinstance(pair[0], str) or not isinstance(pair[1], dict):
        raise Misfit(f"{shown(pair)}, expected {_EXPECTED}")
    text, annotation = pair
    entities, cats = annotation.get("entities"), annotation.get("cats")
    rest = others(annotation, "entities", "cats")
    if texts_only:
        return Draft(line, text, fields=rest)
    if entities and cats:
        raise Misfit("entities and cats of one text, expected one of them")
    if cats:
        return Draft(line, text, label=classes_of(cats), fields=rest)
    if not entities and cats is not None:
        return Draft(line, text, empty=entities is not None, label=() if entities is None else None, fields=rest)
    if entities is None:
        return Draft(line, text, fields=rest)
    if not isinstance(entities, list):
        raise Misfit(f'"entities" is {shown(entities)}, expected [[start, end, label], …]')
    return Draft(line, text, EntityReader().spans(entities, "entities", text), fields=rest)


def classes_of(cats: Any) -> tuple[str, ...]:
    """The names of the cats that are 1. Raises Misfit for other values than 0 and 1."""
    if not isinstance(cats, dict):
        raise Misfit(f'"cats" is {shown(cats)}, expected {{label: 0 or 1}}')
    for name, value in cats.items():
        if value not in (0, 1):
            raise Misfit(f"cat {name!r} is {shown(value)}, expected 0 or 1 (true and false count as those)")
    return tuple(name for name, value in cats.items() if value)


def _recognise(beginning: Beginning) -> Fit:
    if _ARRAY.match(beginning.json_array):
        return Fit.SURE if re.search(r'\{\s*"(entities|cats)"\s*:', beginning.text) else Fit.NEAR
    return Fit.SURE if beginning.most(_LINE.fullmatch) else Fit.NO


FORMAT = Format(
    "spacy",
    'spaCy\'s pairs in JSON: [text, {"entities": [[start, end, label]]}], or with {"cats": {label: 1}}',
    _drafts,
    _recognise,
    frozenset({"offsets"}),
    counts_code_points=True,
)
