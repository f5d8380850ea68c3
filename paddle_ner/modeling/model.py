"""A model: an encoder of PaddleNLP with a head. Importing this module imports Paddle."""

from __future__ import annotations

from typing import Any

import paddle

from paddle_ner.errors import InputError
from paddle_ner.modeling.heads import Head, Tensor, has_pooler


class Model(paddle.nn.Layer):  # type: ignore[misc]
    """An encoder and the layers of a head, with their names in PaddleNLP's own models.

    Args:
        encoder: an encoder of PaddleNLP; its family names its weights, such as ``ernie.embeddings.*``.
        head: turns the encoder's states into outputs; the weights of its layers are initialized here.
        num_outputs: columns of the logits.

    Attributes:
        config: the encoder's.
        base_model_prefix: the beginning of the names of the encoder's weights, without the dot.
        head: the head.
    """

    def __init__(self, encoder: Any, head: Head, num_outputs: int) -> None:
        super().__init__()
        self.config, self.base_model_prefix, self.head = encoder.config, encoder.base_model_prefix, head
        self.add_sublayer(self.base_model_prefix, encoder)
        for name, layer in head.layers(encoder, num_outputs).items():
            if hasattr(self, name):
                raise InputError(f"head {head.name}: a layer cannot be called {name}, which the model has already")
            self.add_sublayer(name, layer)
        self.apply(encoder._initialize_weights)  # those that the encoder has not initialized itself

    @property
    def encoder(self) -> Any:
        """The encoder."""
        return getattr(self, self.base_model_prefix)

    def forward(
        self, input_ids: Tensor, token_type_ids: Tensor | None = None, positions: Tensor | None = None
    ) -> dict[str, Tensor]:
        """The outputs of `head`, by name.

        Args:
            input_ids: int64, [batch, length]; positions that hold the id of padding are masked.
            token_type_ids: int64, of the same shape; None stands for zeros.
            positions: int64, [batch, count]: of the tokens that a head for tokens answers for; None takes all.
        """
        states = self.encoder(input_ids, token_type_ids=token_type_ids)
        tokens = states[0] if isinstance(states, (tuple, list)) else states
        if self.head.pool is not None:
            pooled = self.head.pool(tokens, (input_ids != self.config.pad_token_id).astype(tokens.dtype))
        else:
            pooled = states[1] if has_pooler(self.encoder) else None
        if positions is not None:
            tokens = paddle.take_along_axis(tokens, positions.unsqueeze(-1), axis=1)
        return self.head.forward(self, tokens, pooled)
