"""Classes for a sequence: the mean of the states of its tokens, dropout and a linear layer.

For encoders that were trained to say in this mean what a text is about, such as ``starter-words``.
"""

from __future__ import annotations

from typing import Any

from paddle_ner.modeling.heads import Head, Tensor
from paddle_ner.modeling.heads.token import HEAD as TOKEN


def pool(tokens: Tensor, mask: Tensor) -> Tensor:
    """See `Head.pool`: the mean, [batch, hidden]; the special tokens at both ends count too."""
    mask = mask.unsqueeze(-1)
    return (tokens * mask).sum(axis=1) / mask.sum(axis=1).clip(min=1)


def forward(model: Any, tokens: Tensor, pooled: Tensor | None) -> dict[str, Tensor]:
    """See `Head.forward`."""
    return {"logits": model.classifier(model.dropout(pooled))}


HEAD = Head(
    name="sequence-mean", answers="sequence", outputs=("logits",), layers=TOKEN.layers, forward=forward, pool=pool
)
