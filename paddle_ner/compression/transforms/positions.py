"""Position embeddings cut to the window: no row of a batch is longer, so those behind it are never looked up."""

from __future__ import annotations

from pathlib import Path

from paddle_ner.compression import checkpoints
from paddle_ner.compression.checkpoints import POSITIONS, Record
from paddle_ner.errors import InputError

# Models whose first token has the first position; RoBERTa's begin at the third.
_FROM_ZERO = ("ernie", "bert")


def cut_positions(checkpoint: Path, target: Path) -> Record:
    """Write `checkpoint` to `target` with as many positions as its window has tokens. Its answers stay the same.

    Returns:
        What was done, for the manifest.

    Raises:
        InputError: `checkpoint` is none, or of a model whose positions are numbered otherwise.
    """
    found = checkpoints.read(checkpoint)
    kind = found.config.get("model_type")
    if kind not in _FROM_ZERO:
        raise InputError(f"{checkpoint}: positions of a model {kind} cannot be cut, only of {' and '.join(_FROM_ZERO)}")
    name, size = found.table(POSITIONS), found.manifest.window.size
    before = found.weights[name]
    found.weights[name] = before[:size]
    found.config["max_position_embeddings"] = len(found.weights[name])
    record: Record = {
        "name": "cut-positions",
        "positions": {"before": len(before), "after": len(found.weights[name])},
    }
    return checkpoints.write(found, target, record, same_answers=True)
