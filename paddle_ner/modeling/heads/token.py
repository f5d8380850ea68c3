"""A class for each token: dropout and a linear layer, named as in PaddleNLP's models for token classification."""

from __future__ import annotations

from typing import Any

from paddle_ner.modeling.heads import Head, Tensor, dropout


def layers(encoder: Any, num_outputs: int) -> dict[str, Any]:
    """See `Head.layers`."""
    import paddle

    return {
        "dropout": dropout(encoder),
        "classifier": paddle.nn.Linear(encoder.config.hidden_size, num_outputs),
    }


def forward(model: Any, tokens: Tensor, pooled: Tensor | None) -> dict[str, Tensor]:
    """See `Head.forward`."""
    return {"logits": model.classifier(model.dropout(tokens))}


HEAD = Head(name="token", answers="token", outputs=("logits",), layers=layers, forward=forward)
