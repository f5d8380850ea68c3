"""The gradient of an update depends on its valid positions alone."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import paddle
import pytest
from numpy.typing import NDArray

from paddle_ner import modeling, tasks
from paddle_ner.bundle import WindowSpec
from paddle_ner.config import parse
from paddle_ner.errors import PaddleNerError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.training.batches import encode
from paddle_ner.training.corpus import Corpus
from paddle_ner.training.jobs.base import Run
from paddle_ner.training.jobs.labelled import Encoded, labels_loss, prepared
from paddle_ner.training.resuming import ResumableTrainer
from paddle_ner.training.trainer import JobTrainer, arguments
from paddle_ner.types import Entity, Example

TEXTS = ("北京", "上海的天气很好", "我在广州", "今天去了一趟杭州西湖看了看", "好", "南京")
TASK = tasks.create("ner", ["LOC"])
TOKENIZER = Tokenizer.characters(TEXTS)
ENCODER = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
QUIET = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "max_position_embeddings": 64}


def make_trainer(folder: Path, **training: Any) -> JobTrainer:
    """A trainer over TEXTS, whose entities are their first characters."""
    paddle.seed(5)
    model = modeling.build(
        "token", TASK.num_outputs, config={**ENCODER, **QUIET}, vocab_size=TOKENIZER.vocabulary_size, pad_token_id=0
    )
    config = parse(
        {
            "name": "x",
            "task": {"type": "ner"},
            "data": {"train": "x"},
            "window": {"size": 64, "overlap": 8},
            "training": {"batch_size": len(TEXTS), **training},
        },
        "config",
    )
    examples = [Example(text, entities=(Entity.of(text, 0, 1, "LOC"),)) for text in TEXTS]
    features, _ = encode(examples, TASK, TOKENIZER, WindowSpec(size=64, overlap=8))
    run = Run(config, folder, lambda: False, lambda _: None)
    job = prepared(
        run,
        config,
        Corpus(examples, examples, TASK),
        Encoded(TOKENIZER, model, features, 0),
        labels_loss(TASK),
    )
    return JobTrainer(
        prepared=job, args=arguments(config.training, folder, "cpu", 1), config=config.training, stop=run.stop
    )


def step(trainer: JobTrainer, padding: int = 0) -> float:
    """The loss of one update over TEXTS, with `padding` more columns."""
    batch = trainer._prepared.collate(trainer._prepared.features)
    wider = {"input_ids": TOKENIZER.pad_id, "token_type_ids": 0, "labels": tasks.IGNORED}
    for name, value in wider.items():
        batch[name] = np.pad(batch[name], ((0, 0), (0, padding)), constant_values=value)
    return float(trainer.training_step(trainer.model, {name: paddle.to_tensor(v) for name, v in batch.items()}))


def gradients(folder: Path, padding: int = 0, **training: Any) -> tuple[float, dict[str, NDArray[np.float32]]]:
    """Loss and gradients of one update."""
    trainer = make_trainer(folder, **training)
    loss = step(trainer, padding)
    named = trainer.model.named_parameters()
    return loss, {name: value.grad.numpy() for name, value in named if value.grad is not None}


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


def break_weights(trainer: JobTrainer) -> None:
    """As after an update by a gradient that is not finite."""
    weight = trainer.model.classifier.weight
    weight.set_value(paddle.full_like(weight, float("nan")))


def test_a_loss_that_is_not_finite_stops_the_next_update(tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path, learning_rate=0.5)
    break_weights(trainer)
    step(trainer)
    with pytest.raises(PaddleNerError, match=r"not finite; no state was saved.*learning_rate \(it is 0\.5\)"):
        step(trainer)


def test_weights_that_are_not_finite_are_not_saved(tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path)
    break_weights(trainer)
    with pytest.raises(PaddleNerError, match="not finite"):
        trainer._save_checkpoint(trainer.model)
    assert not list(tmp_path.rglob("step-*"))


def test_outputs_that_are_not_finite_are_no_score(tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path)
    break_weights(trainer)
    with pytest.raises(PaddleNerError, match="not finite"):
        trainer.evaluate()


@pytest.mark.parametrize(
    ("scores", "ends"),
    [
        ([], False),
        ([0.0, 0.0, 0.0, 0.0], False),  # it has not begun to learn
        ([0.0, 0.0, 0.0, 0.1], False),
        ([0.0, 0.1, 0.1], False),
        ([0.0, 0.1, 0.1, 0.05], True),
        ([0.5, 0.6, 0.5], False),
        ([0.6, 0.5, 0.6], True),
    ],
)
def test_patience_counts_from_the_first_score_above_zero(scores: list[float], ends: bool) -> None:
    patient, without = (
        cast(ResumableTrainer, SimpleNamespace(_patience=patience, scores=lambda: scores)) for patience in (2, None)
    )
    assert ResumableTrainer.is_out_of_patience(patient) is ends
    assert not ResumableTrainer.is_out_of_patience(without)
