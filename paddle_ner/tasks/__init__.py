"""The tasks: token classification (NER), single-label and multi-label sequence classification."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from paddle_ner.errors import InputError
from paddle_ner.tasks.base import IGNORED, Task
from paddle_ner.tasks.labels import check_labels
from paddle_ner.tasks.sequence import MultiLabelClassification, SequenceClassification
from paddle_ner.tasks.token import TokenClassification
from paddle_ner.types import Example

__all__ = ["IGNORED", "TASKS", "Task", "create", "from_spec", "labels_of"]

TASKS = (TokenClassification.name, SequenceClassification.name, MultiLabelClassification.name)


def create(name: str, labels: Sequence[str], *, tag_scheme: str = "BIO", threshold: float = 0.5) -> Task:
    """The task called `name` over `labels`. Raises InputError for an unknown name or for too few labels."""
    check_labels(name, labels, spans=name == TokenClassification.name)
    if name == TokenClassification.name:
        task: Task = TokenClassification(tuple(labels), scheme_name=tag_scheme)
    elif name == SequenceClassification.name:
        task = SequenceClassification(tuple(labels))
    elif name == MultiLabelClassification.name:
        task = MultiLabelClassification(tuple(labels), threshold=threshold)
    else:
        raise InputError(f"task {name!r} is unknown, expected one of {', '.join(TASKS)}")
    least = 2 if name == SequenceClassification.name else 1
    if len(labels) < least:
        raise InputError(
            f"task {name} needs at least {least} labels, found {len(labels)}: {', '.join(labels) or 'none'}"
        )
    return task


def from_spec(spec: Mapping[str, Any]) -> Task:
    """The task that `Task.spec` described."""
    options = {key: spec[key] for key in ("tag_scheme", "threshold") if key in spec}
    return create(spec["name"], spec["labels"], **options)


def labels_of(examples: Iterable[Example]) -> tuple[str, ...]:
    """All entity types and classes that occur, in alphabetical order."""
    found: set[str] = set()
    for example in examples:
        found.update(entity.label for entity in example.entities or ())
        found.update(example.labels or ())
        if example.label is not None:
            found.add(example.label)
    return tuple(sorted(found))
