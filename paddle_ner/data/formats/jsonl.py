"""Canonical JSON lines: one object per line with a text and entities, a label, or labels.

Objects with other names for these fields are read like those of a JSON array.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.formats.json_array import record_drafts
from paddle_ner.data.json_source import json_records
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark

KEYS = ("id", "text", "entities", "label", "labels", "scores", "meta")
"""A mistyped key (entites) would turn a labelled record into an unlabelled one, so there are no others. Users who name
the fields say that the other keys do not count."""


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    return record_drafts(path, json_records(path, options.encoding), options, KEYS)


def _recognise(beginning: Beginning) -> Fit:
    if beginning.is_json_array or beginning.json_shape.name == "array":
        return Fit.NO
    # One broken object over several lines: its errors are reported line by line.
    opened = beginning.suffix in (".jsonl", ".json") and beginning.text.lstrip().startswith("{")
    return Fit.POSSIBLE if beginning.is_json or opened else Fit.NO


FORMAT = Format(
    "jsonl",
    'canonical JSON lines: {"text": …, "entities": […] | "label": … | "labels": […]}',
    _drafts,
    _recognise,
    frozenset({"offsets", "text_field", "label_field", "id_field"}),
    counts_code_points=True,
)
