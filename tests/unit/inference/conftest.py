from __future__ import annotations

from typing import Any

import paddle
import pytest

from paddle_ner.modeling import build

TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 32,
    "max_position_embeddings": 20,
}


@pytest.fixture
def token_model() -> Any:
    paddle.seed(7)
    return build("token", 5, config=TINY, vocab_size=40, pad_token_id=0)


@pytest.fixture
def sequence_model() -> Any:
    paddle.seed(7)
    return build("sequence", 3, config=TINY, vocab_size=40, pad_token_id=0)
