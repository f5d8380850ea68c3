"""A linear-chain CRF: the layers of the head ``token``, and a learned score of each tag after each other tag.

The graph outputs both, and the task searches the best tags: see `paddle_ner.tasks.crf`.
"""

from __future__ import annotations

from typing import Any

from paddle_ner.modeling.heads import Head, Tensor
from paddle_ner.modeling.heads.token import HEAD as TOKEN
from paddle_ner.tasks.crf import TRANSITIONS

# Transitions start at zero and learn at this many times the rate of all other weights: there are few of them, they have
# the magnitude of logits, and at the rate of an encoder they would hardly move.
RATE = 50.0


def layers(encoder: Any, num_outputs: int) -> dict[str, Any]:
    """See `Head.layers`."""
    import paddle

    transitions = paddle.nn.Layer()
    transitions.weight = transitions.create_parameter(
        [num_outputs, num_outputs],
        attr=paddle.ParamAttr(learning_rate=RATE, initializer=paddle.nn.initializer.Constant(0.0)),
    )
    return {**TOKEN.layers(encoder, num_outputs), TRANSITIONS: transitions}


def forward(model: Any, tokens: Tensor, pooled: Tensor | None) -> dict[str, Tensor]:
    """See `Head.forward`; each window gets the transitions as a row."""
    import paddle

    outputs = TOKEN.forward(model, tokens, pooled)
    weight = model.transitions.weight
    row = weight.reshape([1, weight.shape[0] * weight.shape[1]])
    return {**outputs, TRANSITIONS: paddle.expand(row, [tokens.shape[0], row.shape[1]])}


HEAD = Head(name="crf", answers="token", outputs=("logits", TRANSITIONS), layers=layers, forward=forward)
