"""A model with random weights, from a config alone."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from paddle_ner.errors import InputError
from paddle_ner.modeling.encoders import encoder_of, transformers
from paddle_ner.modeling.heads import HEADS, Head

if TYPE_CHECKING:
    from paddlenlp.transformers import PretrainedConfig

    from paddle_ner.modeling.model import Model


def build(
    head: Head | str, num_outputs: int, *, config: Mapping[str, Any], vocab_size: int, pad_token_id: int
) -> Model:
    """An ERNIE encoder with a head, with weights drawn from normal(0, initializer_range) and zero biases.

    After ``paddle.seed(n)`` the weights are the same each time. See `Model.forward` for inputs and outputs.

    Args:
        head: a head of `HEADS`, or its name.
        num_outputs: columns of the logits.
        config: fields of PaddleNLP's ``ErnieConfig``, such as hidden_size, num_hidden_layers, num_attention_heads,
            intermediate_size, max_position_embeddings, hidden_dropout_prob, attention_probs_dropout_prob, hidden_act,
            initializer_range; others keep ErnieConfig's defaults.
        vocab_size: rows of the embedding table.
        pad_token_id: the id of padding.

    Raises:
        InputError: a field that ErnieConfig does not have, or invalid values.
    """
    nlp = transformers()
    given_apart = {"self", "kwargs", "vocab_size", "pad_token_id"}
    known = set(inspect.signature(nlp.ErnieConfig.__init__).parameters) - given_apart | {"classifier_dropout"}
    for field in config:
        if field not in known:
            close = difflib.get_close_matches(field, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"expected one of {', '.join(sorted(known))}"
            raise InputError(f"encoder: unknown field {field!r}; {hint}")
    return new_model(head, num_outputs, nlp.ErnieConfig(**config, vocab_size=vocab_size, pad_token_id=pad_token_id))


def new_model(head: Head | str, num_outputs: int, config: PretrainedConfig) -> Model:
    """A model with random weights for any of PaddleNLP's configs. Raises InputError if the config is invalid."""
    import paddle

    from paddle_ner.modeling.model import Model

    _check(num_outputs, config)
    encoder_class = encoder_of(config)
    # Names of another task's labels would be written to the checkpoint's config.json.
    config.id2label = None
    config.num_labels = num_outputs
    config.dtype = "float32"
    # Only states: with use_cache, which Hugging Face's configs set, BERT would also return keys and values.
    config.return_dict = config.output_hidden_states = config.output_attentions = config.use_cache = False
    model = Model(encoder_class(config), HEADS[head] if isinstance(head, str) else head, num_outputs)
    # PaddleNLP 2.8.1 gives ERNIE an epsilon of 1e-12 whatever the config says; Hugging Face's ERNIE has 1e-5.
    epsilon = getattr(config, "layer_norm_eps", None)
    for layer in model.encoder.sublayers():
        if epsilon is not None and isinstance(layer, paddle.nn.LayerNorm):
            layer._epsilon = epsilon
    return model


def _check(num_outputs: int, config: PretrainedConfig) -> None:
    import paddle

    if num_outputs < 1:
        raise InputError(f"a head needs at least one output, not {num_outputs}")
    for field in ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "max_position_embeddings"):
        value = getattr(config, field, 1)
        if not isinstance(value, int) or value < 1:
            raise InputError(f"encoder: {field} is {value!r}, expected a whole number of at least 1")
    if config.hidden_size % config.num_attention_heads:
        raise InputError(
            f"encoder: hidden_size {config.hidden_size} is not a multiple of num_attention_heads"
            f" {config.num_attention_heads}"
        )
    epsilon = getattr(config, "layer_norm_eps", 1e-12)
    if not 0 <= epsilon <= 1e-3:
        raise InputError(f"encoder: layer_norm_eps is {epsilon}, but Paddle takes 0 to 0.001 only")
    activation = getattr(config, "hidden_act", "gelu")
    if not hasattr(paddle.nn.functional, str(activation)):
        raise InputError(f"encoder: hidden_act {activation!r} is unknown to Paddle, expected one such as gelu or relu")
