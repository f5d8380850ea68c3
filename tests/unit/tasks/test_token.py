from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner import tasks
from paddle_ner.bundle import WindowSpec
from paddle_ner.features import windows
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.tasks import IGNORED
from paddle_ner.types import Entity, Example

LABELS = ("LOC", "PER")
SCHEMES = st.sampled_from(["BIO", "BIOES"])


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """Any text, with flat entities at any of its code points."""
    text = draw(st.text(max_size=120))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)))
    labels = st.sampled_from([None, *LABELS])
    named = [(start, end, draw(labels)) for start, end in pairwise(cuts)]
    return Example(text, entities=tuple(Entity.of(text, s, e, label) for s, e, label in named if label))


def gold_outputs(task, example: Example, encoded) -> list[dict[str, np.ndarray]]:
    """Logits of a model that is always right, and wild outside of the tokens that a window owns."""
    targets, misaligned = task.targets(example, encoded)
    assert misaligned == 0
    rows = []
    for target in targets:
        row = np.random.default_rng(0).normal(size=(len(target), task.num_outputs)).astype(np.float32) * 5
        owned = target != IGNORED
        row[owned] = np.eye(task.num_outputs, dtype=np.float32)[target[owned]] * 20
        rows.append({"logits": row})
    return rows


def spans(entities) -> list[tuple[int, int, str]]:
    return [(e.start, e.end, e.label) for e in entities]


@given(examples(), SCHEMES, st.integers(4, 30), st.integers(0, 10))
def test_gold_tags_give_the_entities_back(example: Example, scheme: str, size: int, overlap: int) -> None:
    task = tasks.create("ner", LABELS, tag_scheme=scheme)
    tokenizer = Tokenizer.characters([example.text])
    encoded = windows.encode(example.text, tokenizer, WindowSpec(size=size, overlap=min(overlap, size - 3)))
    prediction = task.decode(encoded, gold_outputs(task, example, encoded))
    assert spans(prediction.entities) == spans(example.entities)


@given(st.text(max_size=120), SCHEMES, st.integers(0, 2**32 - 1))
def test_any_logits_give_flat_entities_of_the_original_text(text: str, scheme: str, seed: int) -> None:
    task = tasks.create("ner", LABELS, tag_scheme=scheme)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "##a", "北", "##京"]
    encoded = windows.encode(text, Tokenizer.wordpiece(vocabulary), WindowSpec(size=16, overlap=4))
    random = np.random.default_rng(seed)
    sizes = [(window.length, task.num_outputs) for window in encoded.windows]
    outputs = [{"logits": random.normal(size=size).astype(np.float32) * 4} for size in sizes]
    end = 0
    for entity in task.decode(encoded, outputs).entities:
        assert text[entity.start : entity.end] == entity.text != ""
        assert entity.start >= end
        assert 0 <= entity.score <= 1
        end = entity.end


def test_an_entity_that_cuts_a_token_is_counted_and_learned_as_the_whole_token() -> None:
    task = tasks.create("ner", LABELS)
    tokenizer = Tokenizer.wordpiece(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "2026", "年"])
    example = Example("2026年", entities=(Entity.of("2026年", 0, 2, "LOC"),))
    encoded = windows.encode(example.text, tokenizer, WindowSpec(size=16, overlap=4))
    targets, misaligned = task.targets(example, encoded)
    assert misaligned == 1
    assert targets[0].tolist() == [IGNORED, task.scheme.tags.index("B-LOC"), 0, IGNORED]


@pytest.mark.parametrize(
    ("example", "message"),
    [
        (Example("北京"), "no entities"),
        (Example("北京", entities=(Entity.of("北京", 0, 2, "ORG"),)), "unknown entity type 'ORG'"),
        (Example("北京", entities=(Entity.of("北京", 0, 2, "LOC"), Entity.of("北京", 1, 2, "PER"))), "overlaps"),
    ],
)
def test_what_it_cannot_learn_is_said(example: Example, message: str) -> None:
    assert message in tasks.create("ner", LABELS).problem(example)


def test_the_loss_is_the_sum_over_valid_positions() -> None:
    import paddle

    task = tasks.create("ner", LABELS)
    random = np.random.default_rng(1)
    logits = random.normal(size=(2, 4, task.num_outputs)).astype(np.float32)
    targets = np.array([[IGNORED, 1, 0, IGNORED], [2, IGNORED, IGNORED, IGNORED]])
    rows = [(logits[0, 1], 1), (logits[0, 2], 0), (logits[1, 0], 2)]
    expected = sum(np.log(np.exp(row).sum()) - row[tag] for row, tag in rows)
    assert float(task.loss_sum(paddle.to_tensor(logits), paddle.to_tensor(targets))) == pytest.approx(
        expected, rel=1e-5
    )
    assert task.count_targets(targets) == 3


def test_soft_loss_counts_the_owned_positions_alone() -> None:
    import paddle

    task = tasks.create("ner", ["LOC"])
    answers = [np.array([[2.0, 0.0, -1.0]], dtype=np.float16), np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 3.0]])]
    values, counted = task.collate_answers(answers, [slice(1, 2), slice(2, 4)], 5)
    assert counted.tolist() == [[0, 1, 0, 0, 0], [0, 0, 1, 1, 0]]
    draw = np.random.default_rng(0)
    logits = draw.normal(size=(2, 5, 3)).astype(np.float32)
    loss = float(task.soft_loss_sum(*map(paddle.to_tensor, (logits, values, counted)), 2.0))
    expected = 0.0
    for row, position, answer in ((0, 1, answers[0][0]), (1, 2, answers[1][0]), (1, 3, answers[1][1])):
        wanted = np.exp(answer / 2.0) / np.exp(answer / 2.0).sum()
        given = logits[row, position] / 2.0
        expected -= 4.0 * float((wanted * (given - np.log(np.exp(given).sum()))).sum())
    assert loss == pytest.approx(expected, rel=1e-3)
