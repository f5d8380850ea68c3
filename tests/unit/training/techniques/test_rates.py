from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddle_ner.config import parse
from paddle_ner.errors import InputError
from paddle_ner.modeling.heads import HEADS
from paddle_ner.training.techniques.checks import check
from paddle_ner.training.techniques.rates import factors
from tests.unit.training.techniques.small_training import config_of, trainer_of, weights_of


def test_each_layer_has_its_rate_and_the_head_its_own(tmp_path: Path) -> None:
    trainer = trainer_of(config_of(tmp_path, head="crf", layer_decay=0.5, head_rate=10), tmp_path)
    expected = {
        "ernie.embeddings.word_embeddings.weight": 0.25,
        "ernie.embeddings.layer_norm.bias": 0.25,
        "ernie.encoder.layers.0.linear1.weight": 0.5,
        "ernie.encoder.layers.1.self_attn.q_proj.bias": 1.0,
        "ernie.pooler.dense.weight": 1.0,
        "classifier.weight": 10.0,
        "classifier.bias": 10.0,
        "transitions.weight": 500.0,  # learned at 50 times the rate of other weights
    }
    found = {name: one.optimize_attr["learning_rate"] for name, one in trainer.model.named_parameters()}
    assert {name: found[name] for name in expected} == expected
    assert set(found.values()) == set(expected.values())


def test_an_update_moves_a_weight_by_its_rate(tmp_path: Path) -> None:
    """The first step of Adam has the size of the learning rate, whatever the gradient."""
    moved = {}
    for rate in (1.0, 10.0):
        config = config_of(tmp_path, head_rate=rate, max_steps=1, warmup_ratio=0, weight_decay=0, learning_rate=1e-4)
        trainer = trainer_of(config, tmp_path / str(rate))
        before = weights_of(trainer.model)
        trainer.train()
        after = weights_of(trainer.model)
        moved[rate] = {name: np.abs(after[name] - before[name]).max() for name in after}
    assert moved[10.0]["classifier.bias"] == pytest.approx(10 * moved[1.0]["classifier.bias"], rel=1e-3)
    layer = "ernie.encoder.layers.1.linear1.weight"
    assert moved[10.0][layer] == moved[1.0][layer] > 0


def test_a_layer_decay_is_for_trained_weights(tmp_path: Path) -> None:
    config = config_of(tmp_path, layer_decay=0.9)
    with pytest.raises(InputError, match=r"training\.layer_decay: .*model\.pretrained"):
        check(config, HEADS["token"])
    record = config.model_dump(mode="json")
    check(parse({**record, "model": {"pretrained": "starter"}}, "config"), HEADS["token"])
    check(
        parse({**record, "distillation": {"teacher": "t", "start": "teacher", "layers": [0]}}, "config"), HEADS["token"]
    )


def test_an_encoder_without_numbered_layers_is_refused(tmp_path: Path) -> None:
    import paddle

    config = config_of(tmp_path, layer_decay=0.9).training
    with pytest.raises(InputError, match="no numbered layers"):
        factors(paddle.nn.Linear(2, 2), config)
