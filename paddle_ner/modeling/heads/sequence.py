"""Classes for a sequence: the pooled first token, dropout and a linear layer.

The pooler, a linear layer with tanh, is the encoder's, as in PaddleNLP's models for sequence classification of ERNIE
and BERT, whose names the layers have. An encoder without a pooler gets one here.
"""

from __future__ import annotations

from typing import Any

from paddle_ner.modeling.heads import Head, Tensor, dropout, has_pooler


def layers(encoder: Any, num_outputs: int) -> dict[str, Any]:
    """See `Head.layers`."""
    import paddle

    size = encoder.config.hidden_size
    pooler = {} if has_pooler(encoder) else {"pooler": paddle.nn.Linear(size, size)}
    return {**pooler, "dropout": dropout(encoder), "classifier": paddle.nn.Linear(size, num_outputs)}


def forward(model: Any, tokens: Tensor, pooled: Tensor | None) -> dict[str, Tensor]:
    """See `Head.forward`."""
    if pooled is None:
        pooled = model.pooler(tokens[:, 0]).tanh()
    return {"logits": model.classifier(model.dropout(pooled))}


HEAD = Head(name="sequence", answers="sequence", outputs=("logits",), layers=layers, forward=forward, reads="first")
