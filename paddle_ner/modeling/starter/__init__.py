"""The starter: a small Chinese encoder that comes with the package, for users without published weights.

``model.pretrained: starter``. README.md beside this file is its card; configs/starter makes it again. `large` is the
encoder that it was made of, and `words` the same with pieces of words as tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from paddle_ner.errors import BundleError
from paddle_ner.files import sha256
from paddle_ner.modeling.weights import Tensors, from_int8_rows

NAME = "starter"
FOLDER = Path(__file__).parent
WEIGHTS = "weights.safetensors"
VOCABULARY = "vocab.txt"
TOKENIZER_CONFIG = "tokenizer_config.json"
SHA256 = "76a80bd32923da641d192aed38e41804f6ddb4ea32dc90581cccb2a4804c24da"


def read_weights() -> Tensors:
    """The weights in Hugging Face's names and layout of BERT, float32. Raises BundleError if the file is damaged."""
    path = FOLDER / WEIGHTS
    if not path.is_file() or sha256(path) != SHA256:
        raise BundleError(f"{path}: missing or damaged: install paddle-ner again")
    from safetensors.numpy import load_file

    return from_int8_rows(load_file(path))


def tokens() -> list[str]:
    """The vocabulary, in the order of the ids."""
    return (FOLDER / VOCABULARY).read_text(encoding="utf-8").split("\n")[:-1]


def config_of(weights: Mapping[str, npt.NDArray[Any]], heads: int) -> dict[str, Any]:
    """Hugging Face's config.json of an encoder with these weights, by Hugging Face's names of BERT."""
    size, width = weights["embeddings.word_embeddings.weight"].shape
    return {
        "model_type": "bert",
        "architectures": ["BertModel"],
        "hidden_size": width,
        "num_hidden_layers": 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.")),
        "num_attention_heads": heads,
        "intermediate_size": len(weights["encoder.layer.0.intermediate.dense.bias"]),
        "hidden_act": "gelu",
        "max_position_embeddings": len(weights["embeddings.position_embeddings.weight"]),
        "type_vocab_size": len(weights["embeddings.token_type_embeddings.weight"]),
        "vocab_size": size,
        "layer_norm_eps": 1e-12,
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "initializer_range": 0.02,
        "pad_token_id": 0,
    }
