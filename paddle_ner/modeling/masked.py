"""Masked language modelling: the head that predicts masked tokens, and an encoder's folder that a training starts from.

The head's layers have the names that PaddleNLP's ``ErnieForMaskedLM`` and ``BertForMaskedLM`` give them; its decoder is
the encoder's table of word embeddings. It is not one of `HEADS`: no task reads it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paddle_ner.bundle import ENCODER_CONFIG, TOKENIZER, WEIGHTS
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.files import whole_folder
from paddle_ner.modeling.build import build
from paddle_ner.modeling.heads import Head, Tensor
from paddle_ner.modeling.pretrained import from_pretrained

if TYPE_CHECKING:
    from paddle_ner.modeling.model import Model

RECORD = "pretraining.json"
CARD = "README.md"
_WITH_HEAD = {
    "ErnieModel": "ErnieForMaskedLM",
    "BertModel": "BertForMaskedLM",
}  # with the same names
_NUM_OUTPUTS = 2  # PaddleNLP's default number of labels, so that config.json names none: the head has none


def build_masked(config: dict[str, Any], tokenizer: Tokenizer) -> Model:
    """An ERNIE encoder with random weights and the head. `config` and what is raised: see `build`."""
    return build(HEAD, _NUM_OUTPUTS, config=config, vocab_size=tokenizer.vocabulary_size, pad_token_id=tokenizer.pad_id)


def masked_from_pretrained(source: str, *, allow_pickle: bool, log: Callable[[str], None]) -> Model:
    """A pretrained encoder with the head, which takes its weights from there too if they exist.

    See `from_pretrained`.
    """
    return from_pretrained(HEAD, _NUM_OUTPUTS, source, allow_pickle=allow_pickle, with_head="if there", log=log)


def write_encoder(target: Path, model: Model, tokenizer: Tokenizer, record: dict[str, Any], card: str) -> None:
    """Write an encoder with its head as a folder that ``model.pretrained`` names; an older one there is replaced.

    Args:
        target: the folder: config.json, model.safetensors (float32, PaddleNLP's names), tokenizer.json, the next two.
        model: with the head of this module.
        tokenizer: of its vocabulary.
        record: what it was made of, as pretraining.json.
        card: the same for people, as README.md.

    Raises:
        InputError: `target` holds something else, or cannot be written.
        ResourceError: the disk is full.
    """
    import safetensors.numpy

    encoder = type(model.encoder).__name__
    model.config.architectures = [_WITH_HEAD.get(encoder, encoder)]
    weights = {name: parameter.astype("float32").numpy() for name, parameter in model.named_parameters()}
    names = {ENCODER_CONFIG, WEIGHTS, TOKENIZER, RECORD, CARD}
    with whole_folder(target, RECORD, "pretrained encoder", lambda _: names) as folder:
        (folder / ENCODER_CONFIG).write_text(model.config.to_json_string(), encoding="utf-8")
        tensors = {name: np.ascontiguousarray(values) for name, values in weights.items()}
        safetensors.numpy.save_file(tensors, folder / WEIGHTS, metadata={"format": "np"})
        tokenizer.save(folder / TOKENIZER)
        text = json.dumps(record, ensure_ascii=False, indent=2)
        (folder / RECORD).write_text(text + "\n", encoding="utf-8")
        (folder / CARD).write_text(card, encoding="utf-8")


def _layers(encoder: Any, num_outputs: int) -> dict[str, Any]:
    """See `Head.layers`: outputs are the rows of the encoder's embeddings, whatever `num_outputs` says."""
    import paddle

    size, rows = encoder.config.hidden_size, encoder.embeddings.word_embeddings.weight.shape[0]
    predictions = paddle.nn.Layer()
    predictions.transform = paddle.nn.Linear(size, size)
    predictions.layer_norm = paddle.nn.LayerNorm(size)
    predictions.decoder_bias = predictions.create_parameter([rows], is_bias=True)
    layer = paddle.nn.Layer()
    layer.predictions = predictions
    return {"cls": layer}


def _forward(model: Any, tokens: Tensor, pooled: Tensor | None) -> dict[str, Tensor]:
    """See `Head.forward`: logits over the vocabulary."""
    import paddle

    layers = model.cls.predictions
    activation = getattr(paddle.nn.functional, getattr(model.config, "hidden_act", "gelu"))
    states = layers.layer_norm(activation(layers.transform(tokens)))
    table = model.encoder.embeddings.word_embeddings.weight
    return {"logits": paddle.matmul(states, table, transpose_y=True) + layers.decoder_bias}


HEAD = Head(name="masked", answers="token", outputs=("logits",), layers=_layers, forward=_forward)
