from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from numpy.typing import NDArray

from paddle_ner import tasks
from paddle_ner.errors import InputError
from paddle_ner.modeling.heads import HEADS
from paddle_ner.training.jobs.labelled import labels_loss
from paddle_ner.training.techniques.checks import check
from paddle_ner.training.techniques.r_drop import r_drop
from tests.unit.training.techniques.small_training import assert_equal_states, config_of, train, trainer_of, update

DROPOUT = {"hidden_dropout_prob": 0.3}


def softmax(logits: NDArray[Any]) -> NDArray[Any]:
    powers: NDArray[Any] = np.exp(logits)
    powers /= powers.sum(-1, keepdims=True)
    return powers


def divergence(one: NDArray[Any], other: NDArray[Any]) -> Any:
    return (one * np.log(one / other)).sum(-1)


def loss_of(task: tasks.Task, logits: NDArray[Any], labels: NDArray[Any], weight: float) -> float:
    """Of logits of both readings, [2, batch, …]."""
    outputs = {"logits": paddle.to_tensor(np.concatenate(list(logits)).astype("float32"))}
    return float(r_drop(labels_loss(task), task, weight)(outputs, {"labels": paddle.to_tensor(labels)}))


def test_two_readings_of_tags_by_hand() -> None:
    task = tasks.create("ner", ["LOC"])  # O, B-LOC, I-LOC
    logits = np.random.default_rng(0).normal(size=(2, 2, 3, 3))
    labels = np.array([[0, 1, tasks.IGNORED], [tasks.IGNORED, 2, 0]])
    first, second = softmax(logits)
    counted = labels != tasks.IGNORED
    of_label = [np.take_along_axis(one, np.where(counted, labels, 0)[..., None], -1)[..., 0] for one in (first, second)]
    likelihood = -(np.log(of_label[0]) + np.log(of_label[1]))[counted].sum() / 2
    apart = (divergence(first, second) + divergence(second, first))[counted].sum() / 2
    assert loss_of(task, logits, labels, weight=3.0) == pytest.approx(likelihood + 3 * apart, rel=1e-5)


def test_two_readings_of_several_labels_by_hand() -> None:
    task = tasks.create("multi-label", ["a", "b"])
    logits = np.random.default_rng(0).normal(size=(2, 2, 2))
    labels = np.array([[0, 1], [tasks.IGNORED, tasks.IGNORED]], dtype=np.float32)
    first, second = (np.stack([1 - p, p], -1) for p in 1 / (1 + np.exp(-logits)))
    apart = (divergence(first, second) + divergence(second, first)).mean(-1)[0] / 2
    found = loss_of(task, logits, labels, weight=2.0) - loss_of(task, logits, labels, weight=1.0)
    assert found == pytest.approx(apart, rel=1e-4)


@pytest.mark.parametrize(
    ("task", "head"), [("ner", None), ("ner", "crf"), ("classification", None), ("multi-label", None)]
)
def test_without_dropout_both_readings_are_one(task: str, head: str | None, tmp_path: Path) -> None:
    expected = update(trainer_of(config_of(tmp_path, task, head), tmp_path))
    found = update(trainer_of(config_of(tmp_path, task, head, r_drop=4.0, accumulation=2), tmp_path))
    assert found.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-3, atol=1e-6)


def test_with_dropout_they_are_two_and_the_same_when_resumed(tmp_path: Path) -> None:
    plain, asked = (config_of(tmp_path, encoder=DROPOUT, evaluate_every=2, r_drop=weight) for weight in (None, 4.0))
    first, second = update(trainer_of(plain, tmp_path)), update(trainer_of(asked, tmp_path))
    assert not np.allclose(first["classifier.weight"], second["classifier.weight"], rtol=0.1)
    train(asked, tmp_path / "stopped", stop_after=3)
    assert_equal_states(train(asked, tmp_path / "stopped"), train(asked, tmp_path / "whole"))


def test_spans_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"training\.r_drop: .*model\.head span"):
        check(config_of(tmp_path, head="span", r_drop=4.0), HEADS["span"])
