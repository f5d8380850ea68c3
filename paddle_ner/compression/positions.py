"""Position embeddings cut to the window: no row of a batch is longer, so those behind it are never looked up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paddle_ner.errors import InputError
from paddle_ner.modeling import Checkpoint

POSITIONS = "embeddings.position_embeddings.weight"
# Models whose first token has the first position; RoBERTa's begin at the third.
_FROM_ZERO = ("ernie", "bert")


def cut_positions(checkpoint: Path, target: Path) -> dict[str, Any]:
    """Write `checkpoint` to `target` with as many positions as its window has tokens. Its answers stay the same.

    Returns:
        What was done, for the manifest.

    Raises:
        InputError: `checkpoint` is none, or of a model whose positions are numbered otherwise.
    """
    found = Checkpoint.open(checkpoint)
    kind = found.config.get("model_type")
    if kind not in _FROM_ZERO:
        raise InputError(f"{checkpoint}: positions of a model {kind} cannot be cut, only of {' and '.join(_FROM_ZERO)}")
    name, size = found.table(POSITIONS), found.manifest.window.size
    before = found.weights[name]
    after = before[:size]
    record = {"name": "cut-positions", "positions": {"before": len(before), "after": len(after)}}
    shorter = found.changed(config={"max_position_embeddings": len(after)}, weights={**found.weights, name: after})
    shorter.transformed(record, same_answers=True).write(target)
    return record
