from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddle_ner.training.techniques.adversarial import moved_embeddings
from tests.unit.training.techniques.small_training import (
    assert_equal_states,
    config_of,
    train,
    trainer_of,
    update,
    weights_of,
)

TABLE = "ernie.embeddings.word_embeddings.weight"


def test_the_embeddings_move_by_the_norm_along_the_gradient_and_are_taken_back_exactly(tmp_path: Path) -> None:
    trainer = trainer_of(config_of(tmp_path), tmp_path)
    gradient = update(trainer)[TABLE]
    before = weights_of(trainer.model)
    with moved_embeddings(trainer.model, 0.25, processes=1):
        during = weights_of(trainer.model)
    after = weights_of(trainer.model)
    added = during[TABLE].astype(float) - before[TABLE]
    assert np.linalg.norm(added) == pytest.approx(0.25, rel=1e-4)
    np.testing.assert_allclose(added, 0.25 * gradient / np.linalg.norm(gradient), atol=1e-6)
    assert all(np.array_equal(after[name], before[name]) for name in before)
    assert [name for name in before if not np.array_equal(during[name], before[name])] == [TABLE]


def test_without_a_gradient_nothing_moves(tmp_path: Path) -> None:
    trainer = trainer_of(config_of(tmp_path), tmp_path)
    update(trainer)
    trainer.model.ernie.embeddings.word_embeddings.weight.clear_gradient(set_to_zero=True)
    before = weights_of(trainer.model)
    with moved_embeddings(trainer.model, 1.0, processes=1):
        during = weights_of(trainer.model)
    assert np.array_equal(during[TABLE], before[TABLE])


@pytest.mark.parametrize("more", [{}, {"accumulation": 2}, {"recompute": True}], ids=str)
def test_the_gradient_is_that_of_the_weights_and_that_of_the_moved_ones(tmp_path: Path, more: dict[str, Any]) -> None:
    plain = trainer_of(config_of(tmp_path), tmp_path)
    first = update(plain)
    with moved_embeddings(plain.model, 0.5, processes=1):
        both = update(plain)  # gradients add up
    found = update(trainer_of(config_of(tmp_path, adversarial=0.5, **more), tmp_path))
    assert found.keys() == both.keys()
    for name in both:
        np.testing.assert_allclose(found[name], both[name], rtol=1e-3, atol=1e-6)
    assert any(not np.allclose(both[name], 2 * first[name], rtol=1e-3, atol=1e-6) for name in both)


def test_a_resumed_training_ends_as_one_that_was_not_stopped(tmp_path: Path) -> None:
    encoder = {"hidden_dropout_prob": 0.1}
    config = config_of(tmp_path, encoder=encoder, adversarial=0.5, evaluate_every=2, accumulation=2)
    train(config, tmp_path / "stopped", stop_after=3)
    assert_equal_states(train(config, tmp_path / "stopped"), train(config, tmp_path / "whole"))
