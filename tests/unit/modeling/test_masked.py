"""The folder of an encoder: what it holds, who reads it, and what of it is taken up again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from paddle_ner.errors import InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.modeling import from_pretrained, tokenizer_of
from paddle_ner.modeling.masked import build_masked, masked_from_pretrained, write_encoder

TOKENIZER = Tokenizer.characters(["北京大学在 北京\n"] * 2)
CONFIG = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
IDS = [[2, 5, 6, 4, 3], [2, 6, 4, 3, 0]]


@pytest.fixture
def model() -> Any:
    """A model whose weights, biases too, are all drawn."""
    paddle.seed(3)
    model = build_masked({**CONFIG, "max_position_embeddings": 16, "hidden_act": "relu"}, TOKENIZER)
    for parameter in model.parameters():
        parameter.set_value(paddle.randn(parameter.shape))
    model.eval()
    return model


@pytest.fixture
def folder(model: Any, tmp_path: Path) -> Path:
    write_encoder(tmp_path / "encoder", model, TOKENIZER, {"texts": 3}, "# card\n")
    return tmp_path / "encoder"


def logits(model: Any) -> Any:
    return model(paddle.to_tensor(IDS))["logits"].numpy()


def test_the_logits_of_some_positions_are_those_of_all_there(model: Any) -> None:
    positions = [[1, 3], [2, 0]]
    some = model(paddle.to_tensor(IDS), positions=paddle.to_tensor(positions))["logits"].numpy()
    every = logits(model)
    assert every.shape == (2, 5, TOKENIZER.vocabulary_size)
    for row, places in enumerate(positions):
        np.testing.assert_allclose(some[row], every[row, places], rtol=1e-4, atol=1e-4)


def test_plain_paddlenlp_reads_the_folder(model: Any, folder: Path) -> None:
    from paddlenlp.transformers import ErnieForMaskedLM

    read = ErnieForMaskedLM.from_pretrained(str(folder))
    read.eval()
    given = read(paddle.to_tensor(IDS))
    np.testing.assert_allclose(given.numpy(), logits(model), rtol=1e-4, atol=1e-4)


def test_the_head_is_taken_up_where_it_is_there(model: Any, folder: Path) -> None:
    said: list[str] = []
    again = masked_from_pretrained(str(folder), allow_pickle=False, log=said.append)
    again.eval()
    np.testing.assert_array_equal(logits(again), logits(model))
    assert "read 28 weights of the encoder and the head; new, to be trained: nothing" in said[0]


def test_where_there_is_none_it_is_new() -> None:
    said: list[str] = []
    masked_from_pretrained("starter", allow_pickle=False, log=said.append)
    assert "of the encoder; new, to be trained" in said[0]
    assert "cls.predictions.transform.weight" in said[0]


def test_a_training_on_labels_leaves_the_head_out(folder: Path) -> None:
    said: list[str] = []
    from_pretrained("token", 3, str(folder), log=said.append)
    assert "read 23 weights of the encoder; new, to be trained: classifier.bias, classifier.weight" in said[0]
    assert "not used: cls.predictions.decoder_bias" in said[1]


def test_the_tokenizer_of_single_characters_is_taken_as_it_is(folder: Path) -> None:
    assert tokenizer_of(folder) == TOKENIZER
    assert json.loads((folder / "pretraining.json").read_text("utf-8")) == {"texts": 3}


def test_a_folder_of_something_else_is_not_written_over(model: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="something else than a pretrained encoder"):
        write_encoder(tmp_path, model, TOKENIZER, {}, "")
