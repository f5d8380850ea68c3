"""Classes for a sequence, by what all its tokens say: the mean and the maximum of their states, and a linear layer."""

from __future__ import annotations

from typing import Any

from paddle_ner.modeling.heads import Head, Tensor, dropout

_FAR = 1e4  # below any state of an encoder, and within float16


def pool(tokens: Tensor, mask: Tensor) -> Tensor:
    """See `Head.pool`: [batch, 2 · hidden]."""
    import paddle

    mask = mask.unsqueeze(-1)
    mean = (tokens * mask).sum(axis=1) / mask.sum(axis=1)
    return paddle.concat([mean, (tokens - (1 - mask) * _FAR).max(axis=1)], axis=-1)


def layers(encoder: Any, num_outputs: int) -> dict[str, Any]:
    """See `Head.layers`."""
    import paddle

    return {
        "dropout": dropout(encoder),
        "classifier": paddle.nn.Linear(2 * encoder.config.hidden_size, num_outputs),
    }


def forward(model: Any, tokens: Tensor, pooled: Tensor | None) -> dict[str, Tensor]:
    """See `Head.forward`."""
    return {"logits": model.classifier(model.dropout(pooled))}


HEAD = Head(name="mean", answers="sequence", outputs=("logits",), layers=layers, forward=forward, pool=pool)
