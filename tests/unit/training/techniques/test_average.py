from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import paddle
import pytest

from paddle_ner.errors import PaddleNerError
from paddle_ner.modeling import Checkpoint
from paddle_ner.training import state
from paddle_ner.training.techniques.average import Average
from tests.unit.training.techniques.small_training import assert_equal_states, config_of, train, trainer_of, weights_of


def step(average: Average, done: int) -> None:
    average.on_step_end(None, SimpleNamespace(global_step=done), None)


def test_it_is_the_average_by_hand() -> None:
    layer = paddle.nn.Linear(1, 1, bias_attr=False)
    layer.weight.set_value(paddle.to_tensor([[1.0]]))
    average = Average(layer, decay=0.2)
    average.on_train_begin(None, None, None)
    expected = 1.0
    for done, weight in ((1, 2.0), (2, 4.0)):
        layer.weight.set_value(paddle.to_tensor([[weight]]))
        step(average, done)
        kept = {1: 2 / 11, 2: 0.2}[done]  # (1 + 1) / (10 + 1); (1 + 2) / (10 + 2) is more than the decay
        expected = kept * expected + (1 - kept) * weight
    assert average.weights()["weight"][0, 0] == pytest.approx(expected, rel=1e-6)


def test_the_average_is_applied_and_taken_back_exactly() -> None:
    layer = paddle.nn.Linear(2, 3)
    average = Average(layer, decay=0.5)
    average.on_train_begin(None, None, None)
    first = weights_of(layer)
    layer.weight.set_value(paddle.rand([2, 3]))
    own = weights_of(layer)
    with average.applied():
        assert all(np.array_equal(value, first[name]) for name, value in weights_of(layer).items())
    assert all(np.array_equal(value, own[name]) for name, value in weights_of(layer).items())


def test_it_is_what_is_scored_and_becomes_the_checkpoint(tmp_path: Path) -> None:
    trainer = trainer_of(config_of(tmp_path, ema=0.9, evaluate_every=2), tmp_path)
    scored = []
    score = trainer.score
    trainer.score = lambda: scored.append(weights_of(trainer.model)) or score()
    trainer.train()
    best = trainer.best_state()
    assert best is not None
    trainer.load_best()
    trainer._prepared.write(tmp_path / "checkpoint", {})
    index = int(best.name.removeprefix("step-")) // 2 - 1
    written = Checkpoint.open(tmp_path / "checkpoint").model.state_dict()
    average, weights = state.load_average(best), state.load_weights(best)
    for name, value in written.items():
        assert np.array_equal(value.numpy(), average[name])
        assert np.array_equal(value.numpy(), scored[index][name])
    assert any(not np.array_equal(average[name], weights[name]) for name in average)


def test_a_resumed_training_has_the_average_of_one_that_was_not_stopped(tmp_path: Path) -> None:
    config = config_of(tmp_path, ema=0.9, evaluate_every=2, max_steps=6)
    whole = train(config, tmp_path / "whole")
    assert train(config, tmp_path / "stopped", stop_after=3).name == "step-3"
    resumed = train(config, tmp_path / "stopped")
    assert (resumed / state.AVERAGE).exists()
    assert_equal_states(resumed, whole)


def test_a_state_without_the_average_is_refused(tmp_path: Path) -> None:
    (tmp_path / "step-1").mkdir()
    with pytest.raises(PaddleNerError, match="average"):
        state.load_average(tmp_path / "step-1")
