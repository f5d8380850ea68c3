"""Which names a label may have: names with another meaning and invisible names are refused."""

from __future__ import annotations

from collections.abc import Sequence

from paddle_ner.errors import InputError
from paddle_ner.types import hidden_character

_OUTSIDE = "O"  # the tag of a token that belongs to no entity


def check_labels(task: str, labels: Sequence[str], *, spans: bool = False) -> None:
    """Raise InputError, naming the label, if a label is invalid.

    Args:
        task: name of the task.
        labels: its entity types or classes.
        spans: whether they are types of entities, none of which may have the name of the tag O.
    """
    for label in labels:
        if not isinstance(label, str) or not label.strip():
            raise InputError(f"task {task}: {label!r} is no label, expected a name")
        if hidden_character(label):
            raise InputError(f"task {task}: label {label!r} has characters that cannot be seen: rename it in the data")
        if label != label.strip():
            raise InputError(f"task {task}: label {label!r} begins or ends with a space: rename it in the data")
        if spans and label.upper() == _OUTSIDE:
            raise InputError(f"task {task}: {label!r} is the tag of no entity, not a type of entity: leave it out")
    if len(set(labels)) < len(labels):
        raise InputError(f"task {task}: a label is there twice: {', '.join(labels)}")
