"""How the classes of texts are learned: targets, their batches, and losses."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_ner import tasks
from paddle_ner.bundle import WindowSpec
from paddle_ner.features import windows
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.types import Example

CLASSES = ("体育", "财经", "娱乐")
TOKENIZER = Tokenizer.characters(["北京"])


def test_every_window_learns_the_label_of_the_text() -> None:
    task = tasks.create("classification", CLASSES)
    encoded = windows.encode("北" * 20, TOKENIZER, WindowSpec(size=8, overlap=2))
    targets, _ = task.learning.targets(Example("北" * 20, label="娱乐"), encoded)
    assert task.learning.collate(targets, 8).tolist() == [2] * len(encoded.windows)


@pytest.mark.parametrize("name", ["classification", "multi-label"])
def test_windows_without_labels_add_nothing_to_the_hard_loss_and_all_to_the_soft_one(name: str) -> None:
    import paddle

    task = tasks.create(name, ["a", "b"])
    encoded = windows.encode("北京", TOKENIZER, WindowSpec(size=8, overlap=2))
    example = Example("x", label="b", labels=("b",))
    labelled, unlabelled = task.learning.targets(example, encoded)[0], task.learning.unlabelled(encoded)
    logits = paddle.to_tensor(np.array([[0.5, -1.0], [2.0, 1.0]], dtype=np.float32))
    both = task.learning.collate([*labelled, *unlabelled], 2)
    assert task.learning.count_targets(both) == 1
    hard = float(task.learning.loss_sum({"logits": logits}, paddle.to_tensor(both)))
    alone = float(task.learning.loss_sum({"logits": logits[:1]}, paddle.to_tensor(task.learning.collate(labelled, 2))))
    assert hard == pytest.approx(alone, rel=1e-6)
    values, counted = task.learning.collate_answers(
        [np.array([[0.0, 3.0]]), np.array([[4.0, 0.0]])], [slice(0, 1)] * 2, 2
    )
    values, counted = paddle.to_tensor(values), paddle.to_tensor(counted)
    soft = float(task.learning.soft_loss_sum({"logits": logits}, values, counted, 2.0))
    least = float(task.learning.soft_loss_sum({"logits": values}, values, counted, 2.0))
    assert soft > least  # cross entropy is least where both answer the same
    assert float(task.learning.soft_loss_sum({"logits": logits}, values, counted * 0, 2.0)) == 0


def test_multi_label_learns_an_empty_list() -> None:
    task = tasks.create("multi-label", CLASSES)
    encoded = windows.encode("北京", TOKENIZER, WindowSpec(size=8, overlap=2))
    assert task.learning.targets(Example("北京", labels=()), encoded)[0][0].tolist() == [0, 0, 0]
