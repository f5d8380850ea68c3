"""What a compressed model must show before it is taken: its scores, its kernels, and that serving it gives the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paddle_ner.bundle.compression import Kernels
from paddle_ner.errors import GateError
from paddle_ner.evaluation.score import score
from paddle_ner.inference import load_replicas
from paddle_ner.inference.engines import EngineOptions
from paddle_ner.tasks.metrics import Report
from paddle_ner.types import Example, Prediction


def worst_label(before: Report, after: Report) -> tuple[str | None, float]:
    """The label whose F1 fell most, and by how much; None and 0 where none fell."""
    falls = {
        label: scores.f1 - after.per_label[label].f1 for label, scores in before.per_label.items() if scores.support
    }
    label = max(falls, key=falls.__getitem__, default=None)
    return (None, 0.0) if label is None or falls[label] <= 0 else (label, falls[label])


def refusal(before: Report, after: Report, max_drop: float, max_label_drop: float) -> str:
    """Why `after` is not good enough, or an empty string."""
    drop = before.value - after.value
    if not drop <= max_drop:
        return f"{after.metric} fell by {100 * drop:.2f} points, allowed are {100 * max_drop:g}"
    label, fall = worst_label(before, after)
    if not fall <= max_label_drop:
        return f"F1 of {label} fell by {100 * fall:.2f} points, allowed are {100 * max_label_drop:g}"
    return ""


def kernel_refusal(kernels: Kernels) -> str:
    """Why the kernels that ran are not those of an int8 model, or an empty string."""
    if kernels.int8 != kernels.total or not kernels.total:
        return f"{kernels.int8} of {kernels.total} products with a weight ran in int8"
    return ""


def digest(predictions: Sequence[Prediction]) -> str:
    """Sha256 of what was predicted, scores left out: their last digits depend on how texts share a batch."""
    lines = hashlib.sha256()
    for one in predictions:
        record: dict[str, Any] = {"label": one.label, "labels": one.labels}
        if one.entities is not None:
            record["entities"] = [(entity.start, entity.end, entity.label) for entity in one.entities]
        lines.update(json.dumps(record, ensure_ascii=False, sort_keys=True).encode("utf-8") + b"\n")
    return lines.hexdigest()


def check_served(
    folder: Path, examples: Sequence[Example], scored: Report, predictions: str, device: str = "cpu"
) -> None:
    """Load the finished bundle as the server does, and score it again.

    Args:
        folder: the bundle.
        examples: those that were scored.
        scored: the report that the bundle was chosen for.
        predictions: `digest` of what was predicted then.
        device: that they were predicted on.

    Raises:
        GateError: it predicts anything else.
    """
    report, again = score(load_replicas(folder, EngineOptions(device=device))[0], examples)
    if report.to_dict() != scored.to_dict() or digest(again) != predictions:
        raise GateError(
            f"{folder}: loaded as the server loads it, it scores {100 * report.value:.2f} and not the"
            f" {100 * scored.value:.2f} that it was chosen for, or predicts otherwise; nothing was written"
        )
