from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from paddlenlp.transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification
from safetensors.numpy import load_file, save_file

from paddle_ner.errors import BundleError, ResourceError
from paddle_ner.inference.engines.dynamic import DynamicEngine
from paddle_ner.modeling import load_checkpoint_model, save_checkpoint_weights

IDS = np.array([[2, 9, 14, 3], [2, 31, 3, 0]], np.int64)


@pytest.fixture
def checkpoint(tmp_path: Path, token_model: Any) -> Path:
    save_checkpoint_weights(token_model, tmp_path / "checkpoint")
    return tmp_path / "checkpoint"


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def test_a_model_comes_back_as_it_was_saved(checkpoint: Path, token_model: Any, no_network: None) -> None:
    loaded = load_checkpoint_model(checkpoint, "token", 5)
    for (name, saved), (other, back) in zip(token_model.named_parameters(), loaded.named_parameters(), strict=True):
        assert name == other
        assert np.array_equal(saved.numpy(), back.numpy())


def test_a_checkpoint_is_a_config_and_safetensors_and_no_pickle(checkpoint: Path) -> None:
    assert sorted(path.name for path in checkpoint.iterdir()) == ["config.json", "model.safetensors"]
    assert all(tensor.dtype == np.float32 for tensor in load_file(checkpoint / "model.safetensors").values())


def test_plain_paddlenlp_loads_a_checkpoint(tmp_path: Path, token_model: Any, sequence_model: Any) -> None:
    for model, auto in (
        (token_model, AutoModelForTokenClassification),
        (sequence_model, AutoModelForSequenceClassification),
    ):
        folder = tmp_path / type(model).__name__
        save_checkpoint_weights(model, folder)
        loaded = DynamicEngine(auto.from_pretrained(str(folder)))
        assert np.array_equal(loaded.run(IDS)["logits"], DynamicEngine(model).run(IDS)["logits"])


def test_weights_of_half_precision_are_saved_as_float32(tmp_path: Path, token_model: Any) -> None:
    before = token_model.classifier.weight.numpy()
    token_model.bfloat16()
    save_checkpoint_weights(token_model, tmp_path)
    saved = load_checkpoint_model(tmp_path, "token", 5).classifier.weight.numpy()
    assert saved.dtype == np.float32
    assert np.allclose(saved, before, rtol=2**-8)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(checkpoint: Path, name: str) -> None:
    (checkpoint / name).unlink()
    with pytest.raises(BundleError, match=f"checkpoint/{name}: no such file"):
        load_checkpoint_model(checkpoint, "token", 5)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_cut_off_file_is_named(checkpoint: Path, name: str) -> None:
    content = (checkpoint / name).read_bytes()
    (checkpoint / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(BundleError, match=f"checkpoint/{name}: "):
        load_checkpoint_model(checkpoint, "token", 5)


def test_a_missing_or_unexpected_weight_is_named(checkpoint: Path) -> None:
    path = checkpoint / "model.safetensors"
    tensors = load_file(path)
    bias = tensors.pop("classifier.bias")
    save_file(tensors, path)
    with pytest.raises(BundleError, match=r"model\.safetensors: the weight classifier\.bias is missing"):
        load_checkpoint_model(checkpoint, "token", 5)
    save_file(tensors | {"classifier.bias": bias, "stray": bias}, path)
    with pytest.raises(BundleError, match=r"model\.safetensors: the weight stray is unexpected"):
        load_checkpoint_model(checkpoint, "token", 5)


def test_a_weight_of_another_shape_is_named(checkpoint: Path) -> None:
    edit(checkpoint / "config.json", vocab_size=41)
    with pytest.raises(
        BundleError, match=r"word_embeddings\.weight has the shape \[40, 16\], but .* makes it \[41, 16\]"
    ):
        load_checkpoint_model(checkpoint, "token", 5)


def test_a_head_that_does_not_fit_the_task_is_refused(checkpoint: Path) -> None:
    with pytest.raises(BundleError, match=r"config\.json: its head has 5 outputs, but the labels make 9"):
        load_checkpoint_model(checkpoint, "token", 9)
    with pytest.raises(BundleError, match="it is a ErnieForTokenClassification, but the task needs"):
        load_checkpoint_model(checkpoint, "sequence", 5)


def test_a_config_that_makes_no_model_is_refused(checkpoint: Path) -> None:
    edit(checkpoint / "config.json", num_attention_heads=3)
    with pytest.raises(BundleError, match=r"config\.json: encoder: hidden_size 16 is not a multiple"):
        load_checkpoint_model(checkpoint, "token", 5)
    edit(checkpoint / "config.json", architectures=["NoSuchModel"])
    with pytest.raises(BundleError, match=r"config\.json: PaddleNLP has no model NoSuchModel"):
        load_checkpoint_model(checkpoint, "token", 5)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, token_model: Any) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ResourceError, match="taken: cannot write the checkpoint"):
        save_checkpoint_weights(token_model, tmp_path / "taken")
