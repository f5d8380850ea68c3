"""What the tasks predict, from the outputs of a model."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from paddle_ner import tasks
from paddle_ner.bundle import WindowSpec
from paddle_ner.errors import InputError
from paddle_ner.features import windows
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.features.windows import Encoded
from paddle_ner.tasks import IGNORED, Task, decoding
from paddle_ner.tasks.crf import TRANSITIONS
from paddle_ner.types import Entity, Example
from tests.labelled import entities_of, scores_of

LABELS = ("LOC", "PER")
SCHEMES = st.sampled_from(["BIO", "BIOES"])
CLASSES = ("体育", "财经", "娱乐")
TOKENIZER = Tokenizer.characters(["北京"])


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """Any text, with flat entities at any of its code points."""
    text = draw(st.text(max_size=120))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)))
    labels = st.sampled_from([None, *LABELS])
    named = [(start, end, draw(labels)) for start, end in pairwise(cuts)]
    return Example(text, entities=tuple(Entity.of(text, s, e, label) for s, e, label in named if label))


def gold_outputs(task: Task, example: Example, encoded: Encoded) -> list[dict[str, NDArray[np.float32]]]:
    """Logits of a model that is always right, and wild outside of the tokens that a window owns."""
    targets, misaligned = task.learning.targets(example, encoded)
    assert misaligned == 0
    rows = []
    for target in targets:
        row = np.random.default_rng(0).normal(size=(len(target), task.num_outputs)).astype(np.float32) * 5
        owned = target != IGNORED
        row[owned] = np.eye(task.num_outputs, dtype=np.float32)[target[owned]] * 20
        rows.append({"logits": row})
    return rows


def spans(entities: tuple[Entity, ...]) -> list[tuple[int, int, str]]:
    return [(e.start, e.end, e.label) for e in entities]


@given(examples(), SCHEMES, st.integers(4, 30), st.integers(0, 10))
def test_gold_tags_give_the_entities_back(example: Example, scheme: str, size: int, overlap: int) -> None:
    task = tasks.create("ner", LABELS, tag_scheme=scheme)
    tokenizer = Tokenizer.characters([example.text])
    encoded = windows.encode(example.text, tokenizer, WindowSpec(size=size, overlap=min(overlap, size - 3)))
    prediction = task.decoding.decode(encoded, gold_outputs(task, example, encoded))
    assert spans(entities_of(prediction)) == spans(entities_of(example))


@given(st.text(max_size=120), SCHEMES, st.integers(0, 2**32 - 1))
def test_any_logits_give_flat_entities_of_the_original_text(text: str, scheme: str, seed: int) -> None:
    task = tasks.create("ner", LABELS, tag_scheme=scheme)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "##a", "北", "##京"]
    encoded = windows.encode(text, Tokenizer.wordpiece(vocabulary), WindowSpec(size=16, overlap=4))
    random = np.random.default_rng(seed)
    sizes = [(window.length, task.num_outputs) for window in encoded.windows]
    outputs = [{"logits": random.normal(size=size).astype(np.float32) * 4} for size in sizes]
    end = 0
    for entity in entities_of(task.decoding.decode(encoded, outputs)):
        assert text[entity.start : entity.end] == entity.text != ""
        assert entity.start >= end
        assert entity.score is not None and 0 <= entity.score <= 1
        end = entity.end


@given(st.text("北京a", min_size=1, max_size=40), st.integers(0, 2**32 - 1), st.sampled_from([0.25, 1.7, 8.0]))
def test_a_temperature_changes_scores_and_not_what_is_found(text: str, seed: int, temperature: float) -> None:
    random = np.random.default_rng(seed)
    encoded = windows.encode(text, TOKENIZER, WindowSpec(size=16, overlap=4))
    transitions = random.normal(size=25).astype(np.float32) * 2
    for overlapping, more in ((False, {}), (False, {TRANSITIONS: transitions}), (True, {})):
        task = tasks.create("ner", LABELS, overlapping=overlapping)
        sizes = [(window.length, task.num_outputs) for window in encoded.windows]
        outputs = [{"logits": random.normal(size=size).astype(np.float32) * 4, **more} for size in sizes]
        softened = decoding.from_spec({**task.spec(), "temperature": temperature})
        plain, soft = (entities_of(one.decode(encoded, outputs)) for one in (task.decoding, softened))
        assert spans(plain) == spans(soft)
        assert (softened, softened.spec()["temperature"]) == (task.decoding, temperature)
        assert all(entity.score is not None and 0 <= entity.score <= 1 for entity in soft)


def test_a_temperature_divides_the_logits_for_the_score() -> None:
    encoded = windows.encode("北", TOKENIZER, WindowSpec(size=8, overlap=2))
    logits = np.zeros((3, 5), dtype=np.float32)
    logits[1] = (0, 3, -100, -100, -100)
    (entity,) = entities_of(decoding.create("ner", LABELS, temperature=2).decode(encoded, [{"logits": logits}]))
    assert entity.score == pytest.approx(1 / (1 + np.exp(-1.5)))


def test_the_most_probable_class_is_the_label() -> None:
    task = tasks.create("classification", CLASSES)
    encoded = windows.encode("北京", TOKENIZER, WindowSpec(size=8, overlap=2))
    prediction = task.decoding.decode(encoded, [{"logits": np.array([0.0, 2.0, 1.0])}])
    assert prediction.label == "财经"
    assert list(scores_of(prediction)) == ["财经", "娱乐", "体育"]
    assert sum(scores_of(prediction).values()) == pytest.approx(1)


def test_windows_of_a_long_text_weigh_as_much_as_the_tokens_they_own() -> None:
    task = tasks.create("classification", CLASSES)
    encoded = windows.encode("北" * 9, TOKENIZER, WindowSpec(size=8, overlap=0))
    owned = [window.owned[1] - window.owned[0] for window in encoded.windows]
    assert len(set(owned)) > 1
    sure = np.array([[30.0, 0, 0], [0, 30.0, 0]])
    prediction = task.decoding.decode(encoded, [{"logits": row} for row in sure])
    assert scores_of(prediction)["体育"] == pytest.approx(owned[0] / 9)


def test_multi_label_gives_the_classes_that_reach_the_threshold() -> None:
    task = tasks.create("multi-label", CLASSES, threshold=0.7)
    encoded = windows.encode("北京", TOKENIZER, WindowSpec(size=8, overlap=2))
    prediction = task.decoding.decode(encoded, [{"logits": np.array([0.8, 3.0, 1.0])}])  # probabilities .69, .95, .73
    assert prediction.labels == ("财经", "娱乐")


@pytest.mark.parametrize("name", tasks.TASKS)
def test_a_spec_gives_the_task_back(name: str) -> None:
    task = tasks.create(name, CLASSES)
    assert tasks.from_spec(task.spec()) == task


def test_one_class_is_too_few() -> None:
    with pytest.raises(InputError, match="at least 2"):
        tasks.create("classification", ["体育"])


def test_an_unknown_task_is_refused() -> None:
    with pytest.raises(InputError, match="multi-label"):
        tasks.create("parsing", CLASSES)
