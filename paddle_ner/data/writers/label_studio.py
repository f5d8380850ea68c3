"""Label Studio's tasks: what a model says as predictions, what people labelled as annotations.

The results are those of a labeling config with ``<Text name="text" value="$text"/>`` and ``<Labels name="label" …>`` or
``<Choices name="label" …>``. Offsets count UTF-16 units, as its editor does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, Any

from paddle_ner.data.writers.writer import Record, Writer, utf16_offsets, write_array
from paddle_ner.types import Prediction


def _write(records: Iterable[Record], stream: IO[str]) -> None:
    write_array(map(_task, records), stream)


def _task(record: Record) -> dict[str, Any]:
    labelled, fields = record.labelled, dict(record.fields)
    task: dict[str, Any] = {} if labelled.id is None else {"id": labelled.id}
    data = fields.get("data")
    if isinstance(data, dict) and labelled.text in data.values():
        task |= fields  # it was a task already
    else:
        task["data"] = {"text": labelled.text, **{name: value for name, value in fields.items() if name != "text"}}
    results = list(_results(record))
    if isinstance(labelled, Prediction):
        task["predictions"] = [{"model_version": record.model, "score": _score(results), "result": results}]
    elif labelled.entities is not None or record.classes is not None:
        task["annotations"] = [{"result": results}]
    return task


def _results(record: Record) -> Iterator[dict[str, Any]]:
    """One result an entity, or one with all classes."""
    where = {"from_name": "label", "to_name": "text"}
    for number, (entity, start, end) in enumerate(utf16_offsets(record.text, record.labelled.entities or ()), start=1):
        value = {"start": start, "end": end, "text": entity.text, "labels": [entity.label]}
        score = {} if entity.score is None else {"score": round(entity.score, 4)}
        yield {"id": str(number), **where, "type": "labels", "value": value, **score}
    if record.classes is not None:
        score = {"score": round(record.scores[record.classes[0]], 4)} if record.scores and record.classes else {}
        yield {"id": "1", **where, "type": "choices", "value": {"choices": list(record.classes)}, **score}


def _score(results: list[dict[str, Any]]) -> float:
    """What Label Studio sorts tasks by: the least score among the results; 1 if none has one."""
    return min((result["score"] for result in results if "score" in result), default=1.0)


WRITER = Writer(
    "label-studio", "Label Studio's tasks with predictions, or with annotations", (), _write, suffix=".json"
)
