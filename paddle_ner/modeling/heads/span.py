"""A score for each span, so that entities may overlap: for each token a query, a key, and scores of labels at its ends.

The graph outputs them by token, and the task turns them into scores of spans: see `paddle_ner.tasks.spans`.
"""

from __future__ import annotations

from typing import Any

from paddle_ner.modeling.heads import Head, Tensor, dropout
from paddle_ner.tasks.spans import WIDTH


def layers(encoder: Any, num_outputs: int) -> dict[str, Any]:
    """See `Head.layers`."""
    import paddle

    return {
        "dropout": dropout(encoder),
        "pointer": paddle.nn.Linear(encoder.config.hidden_size, 2 * WIDTH),
        "classifier": paddle.nn.Linear(2 * WIDTH, num_outputs - 2 * WIDTH),
    }


def forward(model: Any, tokens: Tensor, pooled: Tensor | None) -> dict[str, Tensor]:
    """See `Head.forward`."""
    import paddle

    pointers = model.pointer(model.dropout(tokens))
    return {"logits": paddle.concat([pointers, model.classifier(pointers)], axis=-1)}


HEAD = Head(name="span", answers="span", outputs=("logits",), layers=layers, forward=forward)
