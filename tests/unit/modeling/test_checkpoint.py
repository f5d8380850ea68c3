from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from paddlenlp.transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification
from safetensors.numpy import load_file, save_file

from paddle_ner import tasks
from paddle_ner.bundle import Manifest, WindowSpec, read_checkpoint_manifest, write_manifest
from paddle_ner.errors import BundleError, InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.inference.engines.dynamic import DynamicEngine
from paddle_ner.modeling.checkpoint import Checkpoint, write_checkpoint
from paddle_ner.tasks import Task

IDS = np.array([[2, 9, 14, 3], [2, 31, 3, 0]], np.int64)


TOKEN_TASK = tasks.create("ner", ["PER", "LOC"])  # five tags
SEQUENCE_TASK = tasks.create("classification", ["a", "b", "c", "d", "e"])


def save(model: Any, folder: Path, task: Task = TOKEN_TASK) -> None:
    manifest = Manifest(name="x", task=task.spec(), window=WindowSpec(size=16, overlap=4))
    write_checkpoint(folder, model, Tokenizer.characters(["北京"]), manifest)


def load(folder: Path) -> Any:
    return Checkpoint.open(folder).new_model()


def accept(folder: Path, task: Task | None = None) -> None:
    """Let the manifest have the sha256 of what the files are now, so that what is in them is looked at."""
    manifest = read_checkpoint_manifest(folder)
    write_manifest(folder, manifest if task is None else manifest.model_copy(update={"task": task.spec()}))


@pytest.fixture
def checkpoint(tmp_path: Path, token_model: Any) -> Path:
    save(token_model, tmp_path / "checkpoint")
    return tmp_path / "checkpoint"


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")
    accept(path.parent)


def test_a_model_comes_back_as_it_was_saved(checkpoint: Path, token_model: Any, no_network: None) -> None:
    loaded = load(checkpoint)
    for (name, saved), (other, back) in zip(token_model.named_parameters(), loaded.named_parameters(), strict=True):
        assert name == other
        assert np.array_equal(saved.numpy(), back.numpy())


def test_a_checkpoint_is_a_config_and_safetensors_and_no_pickle(checkpoint: Path) -> None:
    names = ["config.json", "model.safetensors", "paddle_ner.json", "tokenizer.json"]
    assert sorted(path.name for path in checkpoint.iterdir()) == names
    assert all(tensor.dtype == np.float32 for tensor in load_file(checkpoint / "model.safetensors").values())


def test_plain_paddlenlp_loads_a_checkpoint(tmp_path: Path, token_model: Any, sequence_model: Any) -> None:
    for model, task, auto in (
        (token_model, TOKEN_TASK, AutoModelForTokenClassification),
        (sequence_model, SEQUENCE_TASK, AutoModelForSequenceClassification),
    ):
        folder = tmp_path / type(model).__name__
        save(model, folder, task)
        theirs = auto.from_pretrained(str(folder))
        theirs.eval()
        assert np.array_equal(theirs(paddle.to_tensor(IDS)).numpy(), DynamicEngine(model).run(IDS)["logits"])


def test_weights_of_half_precision_are_saved_as_float32(tmp_path: Path, token_model: Any) -> None:
    before = token_model.classifier.weight.numpy()
    token_model.bfloat16()
    save(token_model, tmp_path / "half")
    saved = load(tmp_path / "half").classifier.weight.numpy()
    assert saved.dtype == np.float32
    assert np.allclose(saved, before, rtol=2**-8)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file_is_named(checkpoint: Path, name: str) -> None:
    (checkpoint / name).unlink()
    with pytest.raises(BundleError, match=f"checkpoint/{name}: no such file"):
        load(checkpoint)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_cut_off_file_is_named(checkpoint: Path, name: str) -> None:
    content = (checkpoint / name).read_bytes()
    (checkpoint / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(BundleError, match=f"checkpoint/{name}: "):
        load(checkpoint)


def test_a_missing_or_unexpected_weight_is_named(checkpoint: Path) -> None:
    path = checkpoint / "model.safetensors"
    tensors = load_file(path)
    bias = tensors.pop("classifier.bias")
    save_file(tensors, path)
    accept(checkpoint)
    with pytest.raises(BundleError, match=r"model\.safetensors: the weight classifier\.bias is missing"):
        load(checkpoint)
    save_file(tensors | {"classifier.bias": bias, "stray": bias}, path)
    accept(checkpoint)
    with pytest.raises(BundleError, match=r"model\.safetensors: the weight stray is unexpected"):
        load(checkpoint)


def test_a_weight_of_another_shape_is_named(checkpoint: Path) -> None:
    edit(checkpoint / "config.json", vocab_size=41)
    with pytest.raises(
        BundleError, match=r"word_embeddings\.weight has the shape \[40, 16\], but .* makes it \[41, 16\]"
    ):
        load(checkpoint)


def test_a_head_that_does_not_fit_the_task_is_refused(checkpoint: Path) -> None:
    accept(checkpoint, tasks.create("ner", ["A", "B", "C", "D"]))
    with pytest.raises(BundleError, match=r"config\.json: its head has 5 outputs, but the labels make 9"):
        load(checkpoint)
    accept(checkpoint, SEQUENCE_TASK)
    with pytest.raises(BundleError, match="its head is token, for each token, but the task needs each sequence"):
        load(checkpoint)


def test_a_config_that_makes_no_model_is_refused(checkpoint: Path) -> None:
    edit(checkpoint / "config.json", num_attention_heads=3)
    with pytest.raises(BundleError, match=r"config\.json: encoder: hidden_size 16 is not a multiple"):
        load(checkpoint)
    edit(checkpoint / "config.json", architectures=["NoSuchModel"])
    with pytest.raises(BundleError, match=r"config\.json: PaddleNLP knows no model NoSuchModel"):
        load(checkpoint)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, token_model: Any) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(InputError, match="taken: holds something else than a checkpoint"):
        save(token_model, tmp_path / "taken")
