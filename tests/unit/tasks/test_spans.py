"""Entities that overlap: targets, the loss against a sum written out, and what the scores of spans are read as.

Tests `paddle_ner.tasks.spans_loss` too.
"""

from __future__ import annotations

import numpy as np
import paddle
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from paddle_ner import tasks
from paddle_ner.bundle import WindowSpec
from paddle_ner.errors import InputError
from paddle_ner.features import windows
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.tasks import IGNORED
from paddle_ner.tasks.spans import WIDTH, num_outputs, scores
from paddle_ner.tasks.spans_loss import span_scores
from paddle_ner.types import Entity, Example, Prediction

LABELS = ("LOC", "PER")
TASK = tasks.create("ner", LABELS, overlapping=True)


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """Any text of up to 12 code points, with entities wherever."""
    text = draw(st.text(min_size=1, max_size=12))
    places = st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text)), st.sampled_from(LABELS))
    drawn = sorted(place for place in draw(st.sets(places, max_size=6)) if place[0] < place[1])
    return Example(text, entities=tuple(Entity.of(text, *place) for place in drawn))


def drawn(rows: int, seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(rows, num_outputs(len(LABELS)))).astype(np.float32)


def spans(prediction: Prediction) -> list[tuple[int, int, str]]:
    return [(entity.start, entity.end, entity.label) for entity in prediction.entities or ()]


def test_a_task_with_overlaps_is_another_one_and_comes_back_from_its_spec() -> None:
    assert tasks.from_spec(TASK.spec()) == TASK != tasks.create("ner", LABELS)
    assert TASK.spec() == {"name": "ner", "labels": ["LOC", "PER"], "overlapping": True, "threshold": 0.5}


def test_the_score_of_a_span_is_the_turned_product_and_what_the_label_adds() -> None:
    logits = drawn(6, 0)

    def turned(values: NDArray[np.float32], row: int) -> NDArray[np.complex128]:
        speeds = 10_000.0 ** (-np.arange(0, WIDTH, 2) / WIDTH)
        pairs: NDArray[np.complex128] = values[0::2] + 1j * values[1::2]
        return np.multiply(pairs, np.exp(1j * row * speeds))

    found = scores(logits, slice(2, 4), len(LABELS))
    assert found.shape == (2, 6, 2)
    for first, last, label in ((2, 2, 0), (2, 4, 1), (3, 4, 0)):
        query, key = turned(logits[first, :WIDTH], first), turned(logits[last, WIDTH : 2 * WIDTH], last)
        begins, ends = logits[first, 2 * WIDTH + label], logits[last, 2 * WIDTH + len(LABELS) + label]
        expected = (query * key.conj()).real.sum() / WIDTH**0.5 + begins + ends
        assert found[first - 2, last, label] == pytest.approx(expected, abs=1e-4)
    assert (found[1, :3] == -np.inf).all(), "a span would end before it begins"
    assert (found[:, 5] == -np.inf).all(), "[SEP] ends no span"


def test_training_and_host_give_the_same_scores() -> None:
    logits = drawn(9, 1)
    ours = scores(logits, slice(1, 8), len(LABELS))
    theirs = span_scores(paddle.to_tensor(logits[None]), len(LABELS)).numpy()[0].transpose(1, 2, 0)[1:8]
    real = np.isfinite(ours)
    assert np.allclose(ours[real], theirs[real], atol=1e-4)


def test_the_loss_is_the_circle_loss_of_each_label_over_the_owned_spans() -> None:
    logits = np.stack([drawn(8, seed) for seed in (2, 3, 4)])
    # [CLS], six tokens and [SEP] of which two tokens are another window's; four tokens and padding; no labels.
    right = [{(2, 3, 0), (2, 5, 0), (3, 3, 1)}, set(), set()]
    heads = [(2, 6, 8), (1, 5, 6)]
    targets = [np.array([head, *sorted(found)], dtype=np.int64) for head, found in zip(heads, right, strict=False)]
    batch = TASK.learning.collate([*targets, np.full((1, 3), IGNORED)], 8)
    assert batch.shape == (3, 4, 3)
    assert TASK.learning.count_targets(batch) == 2

    expected = 0.0
    for row, (first, last, end) in enumerate(heads):
        values = scores(logits[row, :end], slice(first, last), len(LABELS))
        for label in range(len(LABELS)):
            pairs = {
                (i + first, j): values[i, j, label] for i in range(last - first) for j in range(i + first, end - 1)
            }
            good = [score for (i, j), score in pairs.items() if (i, j, label) in right[row]]
            bad = [score for (i, j), score in pairs.items() if (i, j, label) not in right[row]]
            expected += np.log1p(np.exp(bad).sum()) + np.log1p(np.exp([-score for score in good]).sum())
    tensor = paddle.to_tensor(logits, stop_gradient=False)
    loss = TASK.learning.loss_sum({"logits": tensor}, paddle.to_tensor(batch))
    assert float(loss) == pytest.approx(expected / len(LABELS), rel=1e-5)
    loss.backward()
    gradient = tensor.grad.numpy()
    assert np.isfinite(gradient).all()
    assert (gradient[2] == 0).all(), "a window without labels is learned from"
    assert (gradient[1, 5:] == 0).all(), "[SEP] or padding is learned from"


def test_a_batch_without_any_entity_has_a_loss() -> None:
    batch = TASK.learning.collate([np.array([(1, 3, 4)])], 8)
    assert float(TASK.learning.loss_sum({"logits": paddle.to_tensor(drawn(8, 5)[None])}, paddle.to_tensor(batch))) > 0


@given(examples(), st.integers(4, 16), st.integers(0, 6))
def test_each_entity_that_ends_in_its_window_is_learned_once(example: Example, size: int, overlap: int) -> None:
    encoded = windows.encode(
        example.text, Tokenizer.characters([example.text]), WindowSpec(size=size, overlap=min(overlap, size - 3))
    )
    targets, misaligned = TASK.learning.targets(example, encoded)
    assert misaligned == 0
    learned = []
    for window, target in zip(encoded.windows, targets, strict=True):
        assert tuple(target[0]) == (window.owned_rows.start, window.owned_rows.stop, window.length)
        for first, last, label in target[1:].tolist():
            learned.append((first - 1 + window.start, last + window.start, LABELS[label]))
    ends = {token: window.start + window.length - 2 for window in encoded.windows for token in range(*window.owned)}
    expected = [(e.start, e.end, e.label) for e in example.entities or () if e.end <= ends[e.start]]
    assert sorted(learned) == sorted(expected)


@given(st.text(max_size=60), st.integers(0, 2**32 - 1))
def test_any_logits_give_entities_of_the_original_text_each_once(text: str, seed: int) -> None:
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "##a", "北", "##京"]
    encoded = windows.encode(text, Tokenizer.wordpiece(vocabulary), WindowSpec(size=16, overlap=4))
    answer = TASK.decoding.decode(encoded, [{"logits": drawn(window.length, seed)} for window in encoded.windows])
    for entity in answer.entities or ():
        assert text[entity.start : entity.end] == entity.text != ""
        assert entity.score is not None and 0.5 <= entity.score <= 1
    assert spans(answer) == sorted(set(spans(answer)))


def test_spans_inside_others_and_across_them_are_found_by_the_threshold() -> None:
    encoded = windows.encode("北京", Tokenizer.characters(["北京"]), WindowSpec(size=8, overlap=2))
    logits = np.zeros((4, num_outputs(2)), dtype=np.float32)
    begins, ends = logits[:, 2 * WIDTH : 2 * WIDTH + 2], logits[:, 2 * WIDTH + 2 :]
    begins[1:3, 0], ends[1:3, 0] = 1.0, (0.5, 1.0)  # LOC: 1.5 for 北, 2 for 北京 and 京
    begins[:, 1] = -5.0
    strict = tasks.create("ner", LABELS, overlapping=True, threshold=0.85)
    for task, expected in (
        (TASK, [(0, 1, "LOC"), (0, 2, "LOC"), (1, 2, "LOC")]),
        (strict, [(0, 2, "LOC"), (1, 2, "LOC")]),
    ):
        assert spans(task.decoding.decode(encoded, [{"logits": logits}])) == expected
    entity = (TASK.decoding.decode(encoded, [{"logits": logits}]).entities or ())[0]
    assert entity.score == pytest.approx(1 / (1 + np.exp(-1.5)))


def test_an_empty_text_has_no_entities() -> None:
    encoded = windows.encode("", Tokenizer.characters(["北"]), WindowSpec(size=8, overlap=2))
    assert TASK.decoding.decode(encoded, [{"logits": drawn(2, 6)}]).entities == ()


def test_inner_and_outer_entities_count_alike_and_flat_ones_still_refuse_them() -> None:
    text = "北京大学"
    gold = Example(text, entities=(Entity.of(text, 0, 2, "LOC"), Entity.of(text, 0, 4, "PER")))
    assert TASK.scoring.problem(gold) is None
    assert "(model.head: span takes others; --overlaps outermost or innermost keeps one of them;" in str(
        tasks.create("ner", LABELS).scoring.problem(gold)
    )
    found = Prediction(text, entities=(Entity.of(text, 0, 4, "PER"), Entity.of(text, 1, 2, "LOC")))
    report = TASK.scoring.report(TASK.scoring.count([gold], [found]), 1)
    assert (report.micro.precision, report.micro.recall, report.micro.f1) == (0.5, 0.5, 0.5)


def test_a_teacher_is_refused() -> None:
    with pytest.raises(InputError, match="only from labels"):
        TASK.learning.soft_loss_sum({}, None, None, 2.0)
