"""The gate: compares a model's scores with those of the model that it would replace, and refuses too large a drop.

Also whether two models give the same answers, ignoring scores, which differ a little between any two engines.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from paddle_ner.errors import GateError
from paddle_ner.tasks.metrics import Report
from paddle_ner.types import Prediction


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two reports on the same examples.

    Attributes:
        drop: how far the score fell, from 0 to 1; negative if it rose.
        worst_label: the label whose F1 fell most; None if none fell.
        worst_drop: by how much.
        refused: why the new model is not good enough; empty if it is.
    """

    drop: float
    worst_label: str | None
    worst_drop: float
    refused: str


def compare(before: Report, after: Report, max_drop: float, max_label_drop: float = 1.0) -> Comparison:
    """Whether the model of `after` may replace that of `before`.

    Args:
        before: the report of the model that is replaced.
        after: the report of the model that replaces it, on the same examples.
        max_drop: how far the score may fall, from 0 to 1.
        max_label_drop: how far the F1 of any label may fall.
    """
    drop = before.value - after.value
    falls = {
        label: scores.f1 - after.per_label[label].f1 for label, scores in before.per_label.items() if scores.support
    }
    label = max(falls, key=falls.__getitem__, default=None)
    fall = 0.0 if label is None else falls[label]
    if fall <= 0:
        label, fall = None, 0.0
    refused = ""
    if not math.isfinite(drop):
        refused = f"{after.metric} is not a number"
    elif not is_allowed(drop, max_drop):
        refused = f"{after.metric} fell by {100 * drop:.2f} points, allowed are {100 * max_drop:g}"
    elif not is_allowed(fall, max_label_drop):
        refused = f"F1 of {label} fell by {100 * fall:.2f} points, allowed are {100 * max_label_drop:g}"
    return Comparison(drop, label, fall, refused)


def is_allowed(drop: float | None, max_drop: float) -> bool:
    """Whether a drop is known, is a number, and is at most `max_drop`."""
    return drop is not None and drop <= max_drop


def require(what: str, before: Report, after: Report, max_drop: float) -> float:
    """The drop from `before` to `after`. Raises GateError, whose message begins with `what`, if it is too large."""
    comparison = compare(before, after, max_drop)
    if comparison.refused:
        raise GateError(
            f"{what}: {comparison.refused} (from {100 * before.value:.2f} to {100 * after.value:.2f} on"
            f" {after.examples:,} examples); nothing was written"
        )
    return comparison.drop


def answer(prediction: Prediction) -> dict[str, Any]:
    """A prediction without its text and its scores, as JSON."""
    record: dict[str, Any] = {"label": prediction.label}
    record["labels"] = None if prediction.labels is None else sorted(prediction.labels)
    if prediction.entities is not None:
        record["entities"] = [entity.span for entity in prediction.entities]
    return record


def agreement(ours: Sequence[Prediction], theirs: Sequence[Prediction]) -> float:
    """The share of texts, from 0 to 1, with the same answer in both. Raises ValueError if their numbers differ."""
    same = [answer(our) == answer(their) for our, their in zip(ours, theirs, strict=True)]
    return sum(same) / len(same)


def digest(predictions: Sequence[Prediction]) -> str:
    """Sha256 of the answers, in their order."""
    lines = hashlib.sha256()
    for prediction in predictions:
        line = json.dumps(answer(prediction), ensure_ascii=False, sort_keys=True)
        lines.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return lines.hexdigest()
