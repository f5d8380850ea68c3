"""Label Studio's export JSON-MIN: an array of flat objects, a key for each of a task's data and each question.

The answers are between the keys ``id`` and ``annotator``, in the order that Label Studio writes them, unless the data
have their own ``id``: then they are recognised by their content. A choice is a string, several are
``{"choices": […]}``, entities are objects with start, end and labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.fields import Misfit, id_of, others, text_of
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.formats.label_studio import refuse_address, text_name
from paddle_ner.data.formats.label_studio_results import classes_of, drafts_of, spans_of_region
from paddle_ner.data.json_source import Record, json_records
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark, Span
from paddle_ner.data.tables.names import texts_among

_ABOUT = ("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time")
"""The keys that Label Studio adds to the questions and answers."""


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    left_out: dict[str, int] = {}
    yield from drafts_of(
        path,
        partial(json_records, path, options.encoding),
        lambda record: _draft(record, options, left_out),
        lambda task: _holds_read(task, options),
    )
    for key, count in left_out.items():
        yield Remark(f"left out {count:,} answer{'s' * (count != 1)} to {key!r}, neither entities nor classes")


def _draft(record: Record, options: ReadOptions, left_out: dict[str, int]) -> tuple[Draft, str | None, str]:
    """The draft of a record, the question whose classes it has, and what it is if none of its answers is read."""
    task: dict[str, Any] = record.value
    answers = _answers(task, options)
    data = {key: value for key, value in task.items() if key not in answers and key not in _ABOUT}
    name = text_name(data, options)
    text = text_of(task, (name,))
    refuse_address(text, name)
    number = id_of(task, "id")
    rest = others(task, name, *answers, *_ABOUT)
    if options.texts_only:
        return Draft(record.line, text, id=number, fields=rest), None, ""
    spans: list[Span] = []
    classes: dict[str, tuple[str, ...]] = {}
    for key, value in answers.items():
        if _are_regions(value):
            spans.extend(span for region in value for span in spans_of_region(region))
        elif (names := _classes(value)) is not None:
            classes[key] = names
        else:
            left_out[key] = left_out.get(key, 0) + 1
    if spans and classes:
        raise Misfit(f"entities, and classes of {', '.join(classes)}, of one text: name one with --label-field")
    if len(classes) > 1:
        raise Misfit(f"answers to {', '.join(classes)}, expected classes of one: name it with --label-field")
    question = next(iter(classes), None)
    said = None if question is None else classes[question]
    empty = not spans and said is None
    unread = f"answers to {', '.join(answers)}, which are neither entities nor classes" if empty and answers else ""
    return Draft(record.line, text, tuple(spans) or None, said, number, empty, fields=rest), question, unread


def _answers(task: Mapping[str, Any], options: ReadOptions) -> dict[str, Any]:
    """The answers, by question."""
    if options.label_field is not None:
        key = str(options.label_field)
        return {key: task[key]} if key in task else {}
    keys = list(task)
    if {"id", "annotator"} <= task.keys() and not texts_among(keys[keys.index("id") :]):
        between = keys[keys.index("id") + 1 : keys.index("annotator")]
        return {key: task[key] for key in between if key not in _ABOUT}
    answers = {key: value for key, value in task.items() if _are_regions(value) or isinstance(value, dict)}
    if not answers and not options.texts_only:
        known = ", ".join(key for key in keys if key not in _ABOUT)
        raise Misfit(f"which key holds the label? The keys are {known}: name it with --label-field")
    return answers


def _holds_read(task: Mapping[str, Any], options: ReadOptions) -> bool:
    """Whether any answer of a record is entities or classes."""
    try:
        return any(_are_regions(value) or _classes(value) is not None for value in _answers(task, options).values())
    except Misfit:
        return False


def _are_regions(value: Any) -> bool:
    """Whether a value has a marked range; then all of it is read as marked ranges."""
    return isinstance(value, list) and any(
        isinstance(item, dict) and {"labels", "hypertextlabels"} & item.keys() for item in value
    )


def _classes(value: Any) -> tuple[str, ...] | None:
    """The classes of an answer; None if it is no choice and no taxonomy."""
    if isinstance(value, str):
        return (value,)
    if _is_choice(value):
        return classes_of(value)
    if isinstance(value, list) and value and all(isinstance(item, list) for item in value):
        return classes_of({"taxonomy": value})
    if isinstance(value, list) and value and all(map(_is_choice, value)):
        return tuple(name for item in value for name in classes_of(item))
    return None


def _is_choice(value: Any) -> bool:
    """Whether a value is a choice of classes for the whole text."""
    return isinstance(value, dict) and bool({"choices", "taxonomy"} & value.keys()) and "start" not in value


def _recognise(beginning: Beginning) -> Fit:
    keys = beginning.records[0].keys() if beginning.records else set()
    return Fit.SURE if "annotation_id" in keys and {"lead_time", "annotator"} & keys else Fit.NO


FORMAT = Format(
    "label-studio-min",
    "Label Studio's export JSON-MIN: an array of flat objects with text, answers, annotator",
    _drafts,
    _recognise,
    frozenset({"offsets", "text_field", "label_field"}),
    counted="utf-16",
)
