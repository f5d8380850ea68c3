"""A BERT encoder in a local folder, as Hugging Face and as PaddleNLP lay it out: learned from, exported and asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from safetensors.numpy import load_file, save_file

import paddle_ner
from paddle_ner import data
from paddle_ner.config import parse
from paddle_ner.evaluation.score import score
from paddle_ner.export import export
from paddle_ner.modeling import from_pretrained
from paddle_ner.training import train
from paddle_ner.types import Example
from tests.integration.small_models import sentences

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 32,
    "initializer_range": 0.1,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
}
# PaddleNLP's names of a layer's parts, and those that BERT has in PyTorch.
PARTS = {
    "self_attn.q_proj": "attention.self.query",
    "self_attn.k_proj": "attention.self.key",
    "self_attn.v_proj": "attention.self.value",
    "self_attn.out_proj": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "linear1": "intermediate.dense",
    "linear2": "output.dense",
    "norm2": "output.LayerNorm",
}


def examples(task: str, count: int, seed: int) -> list[Example]:
    """Sentences with names, or with the class whether they have a name."""
    found = sentences(count, seed)
    if task == "ner":
        return found
    return [Example(example.text, label="names" if example.entities else "none") for example in found]


def paddlenlp_folder(folder: Path) -> None:
    """Weights and config as PaddleNLP itself writes them, with a vocabulary of characters beside."""
    from paddlenlp.transformers import BertConfig, BertModel

    characters = sorted({character for example in sentences(200, seed=1) for character in example.text})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *characters]
    paddle.seed(2)
    model = BertModel(BertConfig(vocab_size=len(vocabulary), pad_token_id=0, **SIZES))
    model.save_pretrained(str(folder), safe_serialization=True)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", "utf-8")


def hugging_face_folder(folder: Path, source: Path) -> None:
    """The same model as Hugging Face lays it out: names of PyTorch, linear weights transposed, a config of its own."""

    def renamed(name: str) -> str:
        name = name.removeprefix("bert.").replace("embeddings.layer_norm", "embeddings.LayerNorm")
        if not name.startswith("encoder.layers."):
            return name
        _, _, number, rest = name.split(".", 3)
        part, ending = rest.rsplit(".", 1)
        return f"encoder.layer.{number}.{PARTS[part]}.{ending}"

    folder.mkdir()
    tensors = {
        renamed(name): np.ascontiguousarray(values.T if values.ndim == 2 and "_embeddings" not in name else values)
        for name, values in load_file(source / "model.safetensors").items()
    }
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    words = (source / "vocab.txt").read_text("utf-8")
    (folder / "vocab.txt").write_text(words, "utf-8")
    config: dict[str, Any] = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-12,
        "pad_token_id": 0,
        "type_vocab_size": 16,  # as many as PaddleNLP's model has
        "use_cache": True,
        "vocab_size": len(words.splitlines()),
        **SIZES,
    }
    (folder / "config.json").write_text(json.dumps(config), "utf-8")


@pytest.mark.parametrize("task", ["ner", "classification"])
def test_both_layouts_give_the_same_model_which_is_learned_and_exported(task: str, tmp_path: Path) -> None:
    paddlenlp_folder(tmp_path / "paddlenlp")
    hugging_face_folder(tmp_path / "hugging_face", tmp_path / "paddlenlp")
    data.write(tmp_path / "train.jsonl", examples(task, 160, seed=1))
    data.write(tmp_path / "dev.jsonl", examples(task, 40, seed=2))
    drawn = []
    for layout in ("paddlenlp", "hugging_face"):
        paddle.seed(3)
        model = from_pretrained("token" if task == "ner" else "sequence", 3, tmp_path / layout, log=lambda line: None)
        drawn.append({name: value.numpy() for name, value in model.named_parameters()})
    assert [*drawn[0]] == [*drawn[1]]
    assert all(np.array_equal(values, drawn[1][name]) for name, values in drawn[0].items())
    config = parse(
        {
            "name": "bert",
            "task": {"type": task},
            "data": {"root": str(tmp_path), "train": "train.jsonl", "dev": "dev.jsonl"},
            "model": {"pretrained": str(tmp_path / "hugging_face")},
            "window": {"size": 24, "overlap": 6},
            "training": {"epochs": 6, "batch_size": 16, "learning_rate": 0.003},
        },
        "bert",
    )
    checkpoint = train(config, tmp_path / "run").checkpoint
    assert all(name.startswith(("bert.", "classifier.")) for name in load_file(checkpoint / "model.safetensors"))
    bundle = export(checkpoint, tmp_path / "bundle").bundle
    gold = examples(task, 30, seed=3)
    answered, _ = score(paddle_ner.load(checkpoint), gold)
    exported, _ = score(paddle_ner.load(bundle), gold)
    assert answered.value > 0.9
    assert exported.value == answered.value
