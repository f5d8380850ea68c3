"""Position embeddings cut to the window: no window is longer, so later positions are never looked up."""

from __future__ import annotations

from paddle_ner.errors import InputError
from paddle_ner.modeling import Checkpoint

_POSITIONS = "embeddings.position_embeddings.weight"
# Models whose first token has the first position; in RoBERTa positions begin at the third.
_FROM_ZERO = ("ernie", "bert")


def cut_positions(checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint with as many positions as its window has tokens. Its answers stay the same.

    Raises:
        InputError: the model numbers its positions differently.
        BundleError: it has no table of positions.
    """
    kind = checkpoint.config.get("model_type")
    if kind not in _FROM_ZERO:
        raise InputError(
            f"{checkpoint.folder}: positions of a model {kind} cannot be cut, only of {' and '.join(_FROM_ZERO)}"
        )
    name = checkpoint.table(_POSITIONS)
    before = checkpoint.weights[name]
    after = before[: checkpoint.manifest.window.size]
    shorter = checkpoint.changed(
        config={"max_position_embeddings": len(after)}, weights={**checkpoint.weights, name: after}
    )
    record = {"name": "cut-positions", "positions": {"before": len(before), "after": len(after)}}
    return shorter.transformed(record, same_answers=True)
