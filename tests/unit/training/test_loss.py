"""The gradient of an update depends on its valid positions alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from paddle_ner import modeling, tasks
from paddle_ner.bundle import Manifest, WindowSpec
from paddle_ner.config import TrainingConfig
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.training.batches import collate, encode
from paddle_ner.training.trainer import NerTrainer, arguments
from paddle_ner.types import Entity, Example

TEXTS = ("北京", "上海的天气很好", "我在广州", "今天去了一趟杭州西湖看了看", "好", "南京")
TASK = tasks.create("ner", ["LOC"])
TOKENIZER = Tokenizer.characters(TEXTS)
ENCODER = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
QUIET = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "max_position_embeddings": 64}


def gradients(folder: Path, padding: int = 0, **training: Any) -> tuple[float, dict[str, np.ndarray]]:
    """Loss and gradients of one update over TEXTS, with `padding` more columns."""
    paddle.seed(5)
    model = modeling.build(
        "token", TASK.num_outputs, config={**ENCODER, **QUIET}, vocab_size=TOKENIZER.vocabulary_size, pad_token_id=0
    )
    config = TrainingConfig(batch_size=len(TEXTS), **training)
    examples = [Example(text, entities=(Entity.of(text, 0, 1, "LOC"),)) for text in TEXTS]
    rows, _ = encode(examples, TASK, TOKENIZER, 64, 8)
    trainer = NerTrainer(
        model=model,
        args=arguments(config, folder, "cpu", 1),
        config=config,
        task=TASK,
        manifest=Manifest(name="x", task=TASK.spec(), window=WindowSpec(size=64, overlap=8)),
        tokenizer=TOKENIZER,
        train=rows,
        dev=examples,
        events=None,
        stop=lambda: False,
        fingerprint="",
    )
    batch = collate(rows, TASK, TOKENIZER.pad_id, 64)
    wider = {"input_ids": TOKENIZER.pad_id, "token_type_ids": 0, "labels": tasks.IGNORED}
    for name, value in wider.items():
        batch[name] = np.pad(batch[name], ((0, 0), (0, padding)), constant_values=value)
    loss = trainer.training_step(model, {name: paddle.to_tensor(value) for name, value in batch.items()})
    return float(loss), {name: value.grad.numpy() for name, value in model.named_parameters() if value.grad is not None}


@pytest.mark.parametrize(
    "change",
    [{"padding": 24}, {"accumulation": 2}, {"accumulation": 4}, {"accumulation": 3, "padding": 8}, {"recompute": True}],
    ids=str,
)
def test_neither_padding_nor_accumulation_nor_recompute_changes_it(tmp_path: Path, change: dict[str, Any]) -> None:
    expected_loss, expected = gradients(tmp_path)
    loss, found = gradients(tmp_path, **change)
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    assert set(found) == set(expected)
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-4, atol=1e-6)


def test_the_loss_is_the_mean_over_valid_positions(tmp_path: Path) -> None:
    # With small random weights all tags are about as probable, however many positions are padding.
    loss, _ = gradients(tmp_path, padding=24)
    assert loss == pytest.approx(np.log(TASK.num_outputs), abs=0.2)
