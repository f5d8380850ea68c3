"""Embedding tables in fewer bytes: stored as fp16 or int8, and converted to float32 after the lookup.

They are most of a small model's file and none of its arithmetic, so the rest of the graph stays the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.bundle import Storage
from paddle_ner.errors import InputError
from paddle_ner.evaluation import gate
from paddle_ner.evaluation.score import score
from paddle_ner.inference.predictor import Predictor
from paddle_ner.types import Example

_TABLES = ("word_embeddings", "position_embeddings")


def rounded(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """The int8 values, [rows, size], and the float32 scale of each row, [rows, 1]: their product is the table.

    The largest value of a row becomes 127, so that no value is off by more than a 254th of it.
    """
    largest = np.abs(table).max(axis=1, keepdims=True)
    scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return np.rint(table / scales).astype(np.int8), scales


def shrink_embeddings(model: Any, storage: Storage) -> None:
    """Replace the word and position embeddings of a model before its export; it cannot be trained afterwards."""
    if storage == "fp32":
        return
    import paddle

    class Small(paddle.nn.Layer):  # type: ignore[misc]
        """An embedding that stores its table in fewer bytes."""

        def __init__(self, table: NDArray[np.float32]) -> None:
            super().__init__()
            values, scales = rounded(table) if storage == "int8" else (table.astype(np.float16), None)
            # Buffers, since Paddle 3.1.1 has no int8 parameters; they are saved like parameters.
            self.register_buffer("table", paddle.to_tensor(values))
            self.register_buffer("scales", None if scales is None else paddle.to_tensor(scales))

        def forward(self, ids: Any) -> Any:
            vectors = paddle.nn.functional.embedding(ids, self.table).astype("float32")
            return vectors if self.scales is None else vectors * paddle.nn.functional.embedding(ids, self.scales)

    for _, parent in list(model.named_sublayers()):
        for name in _TABLES:
            layer = getattr(parent, name, None)
            if isinstance(layer, paddle.nn.Embedding):
                table = layer.weight.numpy()
                if layer._padding_idx is not None:
                    table[layer._padding_idx] = 0  # the layer's output for padding, whatever its table holds
                setattr(parent, name, Small(table))


def judge(
    storage: Storage, before: Predictor, after: Predictor, examples: Sequence[Example], max_drop: float
) -> dict[str, Any]:
    """The cost of smaller embeddings, for the manifest.

    Rounded embeddings move every logit, and no tolerance of logits says whether answers change: labelled examples do.

    Args:
        storage: how the tables are stored.
        before: runs the checkpoint.
        after: runs it with smaller embeddings.
        examples: labelled examples that were not trained on, such as the dev set.
        max_drop: how far the score on them may fall, from 0 to 1.

    Raises:
        GateError: the score falls by more.
        InputError: there are no examples, or they are not for the task.
    """
    if not examples:
        raise InputError(f"embeddings in {storage} are judged by labelled examples: name a dev set with --dev")
    exact, rounded = (score(predictor, examples)[0] for predictor in (before, after))
    drop = gate.require(f"embeddings in {storage}", exact, rounded, max_drop)
    return {
        "examples": len(examples),
        "max_drop": max_drop,
        "drop": drop,
        exact.metric: {"before": exact.value, "after": rounded.value},
    }
