"""How entities are learned: targets, their batches, and losses. Spans: test_spans.py.

Tests `paddle_ner.tasks.learning` too.
"""

from __future__ import annotations

import numpy as np
import pytest

from paddle_ner import tasks
from paddle_ner.bundle import WindowSpec
from paddle_ner.features import windows
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.tasks import IGNORED
from paddle_ner.tasks.decoding import TagDecoding
from paddle_ner.types import Entity, Example

LABELS = ("LOC", "PER")


def test_an_entity_that_cuts_a_token_is_counted_and_learned_as_the_whole_token() -> None:
    task = tasks.create("ner", LABELS)
    tokenizer = Tokenizer.wordpiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "2026", "年"])
    example = Example("2026年", entities=(Entity.of("2026年", 0, 2, "LOC"),))
    encoded = windows.encode(example.text, tokenizer, WindowSpec(size=16, overlap=4))
    targets, misaligned = task.learning.targets(example, encoded)
    assert misaligned == 1
    assert isinstance(task.decoding, TagDecoding)
    assert targets[0].tolist() == [IGNORED, task.decoding.scheme.tags.index("B-LOC"), 0, IGNORED]


def test_the_loss_is_the_sum_over_valid_positions() -> None:
    import paddle

    task = tasks.create("ner", LABELS)
    random = np.random.default_rng(1)
    logits = random.normal(size=(2, 4, task.num_outputs)).astype(np.float32)
    targets = np.array([[IGNORED, 1, 0, IGNORED], [2, IGNORED, IGNORED, IGNORED]])
    rows = [(logits[0, 1], 1), (logits[0, 2], 0), (logits[1, 0], 2)]
    expected = sum(np.log(np.exp(row).sum()) - row[tag] for row, tag in rows)
    assert float(
        task.learning.loss_sum({"logits": paddle.to_tensor(logits)}, paddle.to_tensor(targets))
    ) == pytest.approx(expected, rel=1e-5)
    assert task.learning.count_targets(targets) == 3


def test_soft_loss_counts_the_owned_positions_alone() -> None:
    import paddle

    task = tasks.create("ner", ["LOC"])
    answers = [np.array([[2.0, 0.0, -1.0]], dtype=np.float16), np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 3.0]])]
    values, counted = task.learning.collate_answers(answers, [slice(1, 2), slice(2, 4)], 5)
    assert counted.tolist() == [[0, 1, 0, 0, 0], [0, 0, 1, 1, 0]]
    draw = np.random.default_rng(0)
    logits = draw.normal(size=(2, 5, 3)).astype(np.float32)
    loss = float(
        task.learning.soft_loss_sum(
            {"logits": paddle.to_tensor(logits)}, paddle.to_tensor(values), paddle.to_tensor(counted), 2.0
        )
    )
    expected = 0.0
    for row, position, answer in ((0, 1, answers[0][0]), (1, 2, answers[1][0]), (1, 3, answers[1][1])):
        wanted = np.exp(answer / 2.0) / np.exp(answer / 2.0).sum()
        given = logits[row, position] / 2.0
        expected -= 4.0 * float((wanted * (given - np.log(np.exp(given).sum()))).sum())
    assert loss == pytest.approx(expected, rel=1e-3)
