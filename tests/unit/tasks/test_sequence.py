from __future__ import annotations

import numpy as np
import pytest

from paddle_ner import tasks
from paddle_ner.bundle import WindowSpec
from paddle_ner.errors import InputError
from paddle_ner.features import windows
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.types import Example

LABELS = ("体育", "财经", "娱乐")
TOKENIZER = Tokenizer.characters(["北京"])


def test_the_most_probable_class_is_the_label() -> None:
    task = tasks.create("classification", LABELS)
    encoded = windows.encode("北京", TOKENIZER, WindowSpec(size=8, overlap=2))
    prediction = task.decode(encoded, [{"logits": np.array([0.0, 2.0, 1.0])}])
    assert prediction.label == "财经"
    assert list(prediction.scores) == ["财经", "娱乐", "体育"]
    assert sum(prediction.scores.values()) == pytest.approx(1)


def test_windows_of_a_long_text_weigh_as_much_as_the_tokens_they_own() -> None:
    task = tasks.create("classification", LABELS)
    encoded = windows.encode("北" * 9, TOKENIZER, WindowSpec(size=8, overlap=0))
    owned = [window.owned[1] - window.owned[0] for window in encoded.windows]
    assert len(set(owned)) > 1
    sure = np.array([[30.0, 0, 0], [0, 30.0, 0]])
    prediction = task.decode(encoded, [{"logits": row} for row in sure])
    assert prediction.scores["体育"] == pytest.approx(owned[0] / 9)


def test_every_window_learns_the_label_of_the_text() -> None:
    task = tasks.create("classification", LABELS)
    encoded = windows.encode("北" * 20, TOKENIZER, WindowSpec(size=8, overlap=2))
    targets, _ = task.targets(Example("北" * 20, label="娱乐"), encoded)
    assert task.collate(targets, 8).tolist() == [2] * len(encoded.windows)


def test_multi_label_gives_the_classes_that_reach_the_threshold() -> None:
    task = tasks.create("multi-label", LABELS, threshold=0.7)
    encoded = windows.encode("北京", TOKENIZER, WindowSpec(size=8, overlap=2))
    prediction = task.decode(encoded, [{"logits": np.array([0.8, 3.0, 1.0])}])  # probabilities .69, .95, .73
    assert prediction.labels == ("财经", "娱乐")


def test_multi_label_learns_an_empty_list() -> None:
    task = tasks.create("multi-label", LABELS)
    encoded = windows.encode("北京", TOKENIZER, WindowSpec(size=8, overlap=2))
    assert task.problem(Example("北京", labels=())) is None
    assert task.targets(Example("北京", labels=()), encoded)[0][0].tolist() == [0, 0, 0]


@pytest.mark.parametrize("task", [tasks.create("classification", LABELS), tasks.create("multi-label", LABELS)])
def test_unknown_labels_are_said(task) -> None:
    assert "'军事'" in task.problem(Example("北京", label="军事", labels=("军事",)))


@pytest.mark.parametrize("name", tasks.TASKS)
def test_a_spec_gives_the_task_back(name: str) -> None:
    task = tasks.create(name, LABELS)
    assert tasks.from_spec(task.spec()) == task


def test_one_class_is_too_few() -> None:
    with pytest.raises(InputError, match="at least 2"):
        tasks.create("classification", ["体育"])


def test_an_unknown_task_is_refused() -> None:
    with pytest.raises(InputError, match="multi-label"):
        tasks.create("parsing", LABELS)


@pytest.mark.parametrize("name", ["classification", "multi-label"])
def test_windows_without_labels_add_nothing_to_the_hard_loss_and_all_to_the_soft_one(name: str) -> None:
    import paddle

    task = tasks.create(name, ["a", "b"])
    encoded = windows.encode("北京", TOKENIZER, WindowSpec(size=8, overlap=2))
    example = Example("x", label="b", labels=("b",))
    labelled, unlabelled = task.targets(example, encoded)[0], task.unlabelled(encoded)
    logits = paddle.to_tensor(np.array([[0.5, -1.0], [2.0, 1.0]], dtype=np.float32))
    both = task.collate([*labelled, *unlabelled], 2)
    assert task.count_targets(both) == 1
    hard = float(task.loss_sum(logits, paddle.to_tensor(both)))
    alone = float(task.loss_sum(logits[:1], paddle.to_tensor(task.collate(labelled, 2))))
    assert hard == pytest.approx(alone, rel=1e-6)
    values, counted = task.collate_answers([np.array([[0.0, 3.0]]), np.array([[4.0, 0.0]])], [slice(0, 1)] * 2, 2)
    values, counted = paddle.to_tensor(values), paddle.to_tensor(counted)
    soft = float(task.soft_loss_sum(logits, values, counted, 2.0))
    least = float(task.soft_loss_sum(values, values, counted, 2.0))
    assert soft > least  # cross entropy is least where both answer the same
    assert float(task.soft_loss_sum(logits, values, counted * 0, 2.0)) == 0
