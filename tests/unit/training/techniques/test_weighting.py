"""What weights and the focal exponent make of the loss, and what they are refused for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from paddle_ner import tasks
from paddle_ner.config import parse
from paddle_ner.errors import InputError
from paddle_ner.modeling.heads import HEADS
from paddle_ner.tasks import IGNORED
from paddle_ner.training.batches import Features
from paddle_ner.training.jobs.labelled import labels_loss
from paddle_ner.training.techniques.checks import check
from paddle_ner.training.techniques.weighting import weighted_loss
from tests.unit.training.techniques.small_training import config_of, trainer_of, update

TAGS = tasks.create("ner", ["LOC"])  # O, B-LOC, I-LOC
SEVERAL = tasks.create("multi-label", ["a", "b"])


def features_of(*targets: Any) -> list[Features]:
    return [Features(np.zeros(1, dtype=np.int64), np.asarray(target)) for target in targets]


def loss_of(task: tasks.Task, features: list[Features], logits: Any, labels: Any, **options: Any) -> float:
    loss = weighted_loss(task, features, **{"balanced": False, "focal": 0.0, **options})
    outputs = {"logits": paddle.to_tensor(np.asarray(logits, dtype=np.float32))}
    return float(loss(outputs, {"labels": paddle.to_tensor(np.asarray(labels))}))


def test_each_class_counts_alike_in_sum() -> None:
    task = tasks.create("classification", ["rare", "often", "never"])
    features = features_of(1, 1, 1, 0, IGNORED)
    logits = np.zeros((4, 3))
    of_class = [loss_of(task, features, logits[:1], [label], balanced=True) for label in (0, 1)]
    assert of_class == pytest.approx([np.log(3) * 4 / (2 * 1), np.log(3) * 4 / (2 * 3)])
    assert loss_of(task, features, logits, [1, 1, 1, 0], balanced=True) == pytest.approx(4 * np.log(3))


def test_tags_are_weighted_where_they_count() -> None:
    features = features_of([IGNORED, 0, 0, 0, 1, IGNORED], [0, 0])  # five O, one B-LOC
    logits = np.zeros((1, 3, 3))
    expected = np.log(3) * (6 / (2 * 5) + 6 / (2 * 1))
    assert loss_of(TAGS, features, logits, [[0, IGNORED, 1]], balanced=True) == pytest.approx(expected)


def test_each_label_is_weighted_by_how_many_have_it() -> None:
    features = features_of([1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 1.0], [IGNORED, IGNORED])
    labels = np.array([[1, 0], [IGNORED, IGNORED]], dtype=np.float32)
    expected = np.log(2) * (4 / (2 * 1) + 4 / (2 * 2)) / 2
    assert loss_of(SEVERAL, features, np.zeros((2, 2)), labels, balanced=True) == pytest.approx(expected)


def test_what_is_answered_right_counts_less() -> None:
    features = features_of(0, 1)
    task = tasks.create("classification", ["a", "b"])
    probability = 0.9
    logits = [[np.log(probability), np.log(1 - probability)]]
    found = loss_of(task, features, logits, [0], focal=2.0)
    assert found == pytest.approx(-np.log(probability) * 0.1**2, rel=1e-4)
    logit = [[np.log(9.0), 0.0]]  # 0.9, 0.5
    found = loss_of(SEVERAL, features_of([1.0, 0.0]), logit, np.array([[1.0, 1.0]], dtype=np.float32), focal=2.0)
    assert found == pytest.approx((-np.log(0.9) * 0.1**2 - np.log(0.5) * 0.5**2) / 2, rel=1e-4)


def test_what_is_certain_has_a_finite_gradient() -> None:
    logits = paddle.to_tensor([[200.0, 0.0]], stop_gradient=False)
    task = tasks.create("classification", ["a", "b"])
    loss = weighted_loss(task, features_of(0), balanced=False, focal=0.5)
    loss({"logits": logits}, {"labels": paddle.to_tensor([0])}).backward()
    assert np.isfinite(logits.grad.numpy()).all()


@pytest.mark.parametrize(("task", "shape"), [(TAGS, (2, 4, 3)), (SEVERAL, (3, 2))])
def test_without_weights_it_is_the_loss_of_the_task(task: tasks.Task, shape: tuple[int, ...]) -> None:
    draw = np.random.default_rng(3)
    logits = draw.normal(size=shape).astype(np.float32)
    labels = draw.integers(0, 2, size=shape[:2]).astype(np.int64 if task is TAGS else np.float32)
    labels[1] = IGNORED
    outputs, batch = {"logits": paddle.to_tensor(logits)}, {"labels": paddle.to_tensor(labels)}
    expected = float(labels_loss(task)(outputs, batch))
    assert loss_of(task, features_of(*labels), logits, labels) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("task", ["ner", "classification", "multi-label"])
def test_accumulation_does_not_change_the_gradient(task: str, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"class_weights": "balanced", "focal": 2.0}
    expected = update(trainer_of(config_of(tmp_path, task, **asked), tmp_path))
    found = update(trainer_of(config_of(tmp_path, task, **asked, accumulation=2), tmp_path))
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-3, atol=1e-6)
    plain = update(trainer_of(config_of(tmp_path, task), tmp_path))
    assert not np.allclose(expected["classifier.bias"], plain["classifier.bias"], rtol=1e-2)


@pytest.mark.parametrize("technique", [{"class_weights": "balanced"}, {"focal": 2.0}], ids=str)
def test_it_is_refused_where_labels_are_not_scored_each_by_itself(technique: dict[str, Any], tmp_path: Path) -> None:
    name = next(iter(technique))
    for head in ("crf", "span"):
        with pytest.raises(InputError, match=rf"training\.{name}: .*{head} does not"):
            check(config_of(tmp_path, head=head, **technique), HEADS[head])
    record = config_of(tmp_path, **technique).model_dump(mode="json")
    with pytest.raises(InputError, match=rf"training\.{name}: .*distillation\.weight 1"):
        check(parse({**record, "distillation": {"teacher": "t", "weight": 1}}, "config"), HEADS["token"])
