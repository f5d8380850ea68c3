"""Label Studio's JSON export: an array of tasks, each with data and annotations.

Read are the results of type labels (entities) and choices (classes) over one text; relations, ratings and other
results are not part of an Example. A task whose annotations were all cancelled, or that has none, is unlabelled.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.fields import Misfit, id_of, labels_of, offset_of, others, shown, text_of
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.json_source import Record, json_array
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Span

_MARKED = ("annotations", "completions", "predictions", "drafts")
"""Where the labels of a task stand."""


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected]:
    for record in json_array(path, options.encoding):
        if isinstance(record, Rejected):
            yield record
            continue
        try:
            yield _draft(record, options)
        except Misfit as error:
            yield Rejected.at(path, record.line, str(error))


def _draft(record: Record, options: ReadOptions) -> Draft:
    task = record.value
    data = task.get("data")
    if not isinstance(data, dict):
        raise Misfit(f'"data" is {shown(data)}, expected the object of a task\'s data (an export of type JSON)')
    strings = [key for key, value in data.items() if isinstance(value, str)]
    names = (str(options.text_field),) if options.text_field is not None else ("text",)
    if options.text_field is None and "text" not in data and len(strings) == 1:
        names = (strings[0],)
    text = text_of(data, names)
    results = _results(task)
    number = id_of(task, "id")
    rest = others(task, "id", *_MARKED)
    if results is None:
        return Draft(record.line, text, id=number, fields=rest)
    spans: list[Span] = []
    classes: list[str] = []
    choices = False
    for result in results:
        kind, value = result.get("type"), result.get("value")
        if kind in ("labels", "hypertextlabels") or kind == "choices":
            if not isinstance(value, dict):
                raise Misfit(f'"value" of a result is {shown(value)}, expected an object')
            if kind == "choices":
                choices = True
                classes.extend(labels_of(value.get("choices"), "choices"))
            else:
                spans.append(_span(value))
    if choices and spans:
        raise Misfit("labels and choices in one task, expected entities or classes")
    if choices:
        return Draft(record.line, text, None, tuple(classes), number, fields=rest)
    return Draft(record.line, text, tuple(spans), id=number, fields=rest)


def _results(task: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The results of the one annotation that counts; None where nobody annotated the task."""
    annotations = task.get("annotations", task.get("completions", []))
    if not isinstance(annotations, list) or not all(isinstance(one, dict) for one in annotations):
        raise Misfit(f'"annotations" is {shown(annotations)}, expected an array of objects')
    kept = [one for one in annotations if not (one.get("was_cancelled") or one.get("skipped"))]
    if len(kept) > 1:
        raise Misfit(f"{len(kept)} annotations of one task, expected one: keep the one that is right")
    if not kept:
        return None
    results = kept[0].get("result")
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        raise Misfit(f'"result" is {shown(results)}, expected an array of objects')
    return results


def _span(value: dict[str, Any]) -> Span:
    labels = labels_of(value.get("labels", value.get("hypertextlabels")), "labels")
    if len(labels) != 1:
        raise Misfit(f"an entity has {len(labels)} labels, expected one")
    surface = value.get("text")
    if surface is not None and not isinstance(surface, str):
        raise Misfit(f'"text" of an entity is {shown(surface)}, expected a string')
    return Span(offset_of(value.get("start"), "start"), offset_of(value.get("end"), "end"), labels[0], surface)


def _recognise(beginning: Beginning) -> Fit:
    if not beginning.is_json_array:
        return Fit.NO
    if not re.search(r'"data"\s*:\s*\{', beginning.text):
        return Fit.NO
    if re.search(r'"(annotations|completions)"\s*:\s*\[', beginning.text):
        return Fit.SURE
    return Fit.LIKELY if _is_task(beginning.text) else Fit.NO


def _is_task(text: str) -> bool:
    """Whether the first object of an array is a task that nobody labelled: it has data, and no text beside them."""
    try:
        first, _ = json.JSONDecoder().raw_decode(text, text.index("{"))
    except (ValueError, RecursionError):
        return False
    return isinstance(first, dict) and isinstance(first.get("data"), dict) and "text" not in first


FORMAT = Format(
    "label-studio",
    "Label Studio's JSON export: an array of tasks with data and annotations",
    _drafts,
    _recognise,
    frozenset({"text_field"}),
)
