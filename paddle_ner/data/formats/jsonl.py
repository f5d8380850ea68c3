"""Canonical JSON lines: one object a line with a text and entities, a label, or labels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.fields import Misfit, draft_of
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.json_source import json_lines
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected

KEYS = ("id", "text", "entities", "label", "labels", "scores", "meta")


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected]:
    text_field = str(options.text_field or "text")
    label_field = str(options.label_field or "label")
    id_field = str(options.id_field or "id")
    # A mistyped key (entites) would turn a labelled record into an unlabelled one. Whoever names the fields has said
    # that the other keys do not count.
    named = (options.text_field, options.label_field, options.id_field)
    closed = not options.texts_only and named == (None, None, None)
    for record in json_lines(path, options.encoding):
        if isinstance(record, Rejected):
            yield record
            continue
        try:
            draft = draft_of(record.line, record.value, (text_field,), label_field, id_field)
            strange = [key for key in record.value if key not in KEYS] if closed else []
            if strange:
                raise Misfit(
                    f"unknown key {strange[0]!r}, expected {', '.join(KEYS)} (put your own under meta, or name the"
                    " fields to read with text_field, label_field)"
                )
        except Misfit as error:
            yield Rejected.at(path, record.line, str(error))
        else:
            yield draft


def _recognise(beginning: Beginning) -> Fit:
    if beginning.is_json_lines:
        return Fit.POSSIBLE
    # One object spread over several lines: it is told line by line what is wrong.
    opened = beginning.suffix in (".jsonl", ".json") and beginning.text.lstrip().startswith("{")
    return Fit.POSSIBLE if opened else Fit.NO


FORMAT = Format(
    "jsonl",
    'canonical JSON lines: {"text": …, "entities": […] | "label": … | "labels": […]}',
    _drafts,
    _recognise,
    frozenset({"offsets", "text_field", "label_field", "id_field"}),
    counts_code_points=True,
)
