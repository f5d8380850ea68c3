"""Label Studio's JSON export: an array of tasks, each with data and annotations.

Relations, ratings and other results are not part of an Example, and are counted. A task whose annotations were all
cancelled, or that has none, is unlabelled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from paddle_ner.data.beginning import Beginning
from paddle_ner.data.formats.fields import Misfit, id_of, others, shown, text_of
from paddle_ner.data.formats.format import Fit, Format
from paddle_ner.data.formats.label_studio_results import READ, Annotated, LeftOut, annotated, drafts_of
from paddle_ner.data.json_source import Record, json_records
from paddle_ner.data.options import ReadOptions
from paddle_ner.data.records import Draft, Rejected, Remark
from paddle_ner.data.tables.names import texts_among

_MARKED = ("annotations", "completions", "predictions", "drafts")
"""Where the labels of a task are."""
_ADDRESS = re.compile(
    r"(/data/(upload|local-files)/|/?data/upload/|(s3|gs|azure-blob|hdfs|file)://|https?://\S+\.(txt|html?|json|csv)$)\S*"
)
"""What replaces a text if a labeling config says ``valueType="url"``."""
_LINK = re.compile(r"https?://\S+")
"""What may be such an address, or a text."""


def _drafts(path: Path, options: ReadOptions) -> Iterator[Draft | Rejected | Remark]:
    left_out = LeftOut()
    control = None if options.label_field is None else str(options.label_field)
    yield from drafts_of(
        path,
        partial(json_records, path, options.encoding),
        lambda record: _draft(record, options, left_out),
        lambda task: _holds_read(task, control),
        "control ",
    )
    yield from map(Remark, left_out.remarks())


def _draft(record: Record, options: ReadOptions, left_out: LeftOut) -> tuple[Draft, str | None, str]:
    """The draft of a task, the control whose classes it has, and what it is if it has results and none is read."""
    task = record.value
    data = task.get("data")
    if not isinstance(data, dict):
        raise Misfit(f'"data" is {shown(data)}, expected the object of a task\'s data (an export of type JSON)')
    name = text_name(data, options)
    text = text_of(data, (name,))
    refuse_address(text, name)
    left_out.links += _LINK.fullmatch(text) is not None
    number = id_of(task, "id")
    rest = others(task, "id", *_MARKED)
    kept = [] if options.texts_only else _kept(task)
    if not kept:
        left_out.unlabelled += not options.texts_only and any(task.get(key) for key in ("predictions", "drafts"))
        return Draft(record.line, text, id=number, fields=rest), None, ""
    control = None if options.label_field is None else str(options.label_field)
    said = [annotated(_results(annotation), data, name, control, left_out) for annotation in kept]
    if len(set(map(_as_set, said))) > 1:
        raise Misfit(
            f"{len(kept)} annotations of one task that differ, expected one: mark the right one as ground truth,"
            " or keep it alone"
        )
    spans, classes = said[0].spans, said[0].classes
    draft = Draft(record.line, text, spans, classes, number, spans is None and classes is None, fields=rest)
    return draft, said[0].control, _unread(_results(kept[0]), control) if draft.empty else ""


def _unread(results: Sequence[Mapping[str, Any]], control: str | None) -> str:
    """What is wrong with results of which none is read, if no other of the file is; empty if there are none."""
    types = dict.fromkeys(str(result.get("type")) for result in results)
    if results and not types.keys() & set(READ):
        return f"results of type {', '.join(types)}, which are not read: expected {', '.join(READ)}"
    if results and control is not None:
        names = dict.fromkeys(str(result["from_name"]) for result in results if "from_name" in result)
        return f"no result of a control {control!r}, expected one of {', '.join(names)} (--label-field)"
    return ""


def text_name(data: Mapping[str, Any], options: ReadOptions) -> str:
    """The key of the text in a task's data: the one that the options name, "text", the only string, or a usual name."""
    if options.text_field is not None:
        return str(options.text_field)
    if "text" in data or any(_is_dialogue(value) for value in data.values()):
        return "text"
    strings = [key for key, value in data.items() if isinstance(value, str)]
    if len(strings) > 1:
        strings = [strings[index] for index in texts_among(strings)]
    return strings[0] if len(strings) == 1 else "text"


def _is_dialogue(value: Any) -> bool:
    """Whether a value is what a `Paragraphs` tag shows: the turns of a dialogue, which are not a text."""
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def refuse_address(text: str, name: str) -> None:
    """Raise Misfit if the export holds the address of a text in its place."""
    if _ADDRESS.fullmatch(text):
        raise Misfit(
            f'"{name}" is {shown(text)}, the address of a text: the labeling config says valueType="url"; put the texts'
            " themselves into the export"
        )


def _kept(task: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The annotations that count: not the cancelled ones, and only the ground truth if one is marked as such."""
    annotations = task.get("annotations", task.get("completions", []))
    if not isinstance(annotations, list) or not all(isinstance(annotation, dict) for annotation in annotations):
        raise Misfit(f'"annotations" is {shown(annotations)}, expected an array of objects')
    kept = [
        annotation for annotation in annotations if not (annotation.get("was_cancelled") or annotation.get("skipped"))
    ]
    truths = [annotation for annotation in kept if annotation.get("ground_truth")]
    return truths if len(truths) == 1 else kept


def _results(annotation: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    results = annotation.get("result")
    if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
        raise Misfit(f'"result" is {shown(results)}, expected an array of objects')
    for key in ("from_name", "to_name"):
        if strange := [result[key] for result in results if not isinstance(result.get(key), str | None)]:
            raise Misfit(f'"{key}" of a result is {shown(strange[0])}, expected a name')
    return results


def _as_set(said: Annotated) -> object:
    """What an annotation says, independent of the order in which it was made."""
    spans = None if said.spans is None else frozenset((span.start, span.end, span.label) for span in said.spans)
    return spans, None if said.classes is None else frozenset(said.classes)


def _holds_read(task: Mapping[str, Any], control: str | None) -> bool:
    """Whether any annotation of a task has a result of a type that is read, from the named control."""
    try:
        results = [result for annotation in _kept(task) for result in _results(annotation)]
        return any(result.get("type") in READ and control in (None, result.get("from_name")) for result in results)
    except Misfit:
        return False


def _recognise(beginning: Beginning) -> Fit:
    if not beginning.is_json or not re.search(r'"data"\s*:\s*\{', beginning.text):
        return Fit.NO
    if re.search(r'"(annotations|completions)"\s*:\s*\[', beginning.text):
        return Fit.SURE
    first = beginning.records[0] if beginning.records else {}
    return Fit.LIKELY if isinstance(first.get("data"), dict) and "text" not in first else Fit.NO


FORMAT = Format(
    "label-studio",
    "Label Studio's JSON export: an array of tasks with data and annotations",
    _drafts,
    _recognise,
    frozenset({"offsets", "text_field", "label_field"}),
    counted="utf-16",
)
