"""The score of parts of the examples, and what was seen in training.

Tests `paddle_ner.evaluation.diagnosis.training` too.
"""

from __future__ import annotations

from paddle_ner.evaluation.diagnosis.items import judge
from paddle_ner.evaluation.diagnosis.slices import Slice, by_length, by_seen, by_times
from paddle_ner.evaluation.diagnosis.training import Training
from paddle_ner.types import Example, Prediction
from tests.unit.evaluation.diagnosis.diagnosis_builders import TEXT, answer, example

TRAINING = Training.of([example((0, 3, "PER")), example((0, 3, "PER")), example((4, 6, "LOC"))])
JUDGED = judge(
    [example((0, 3, "PER"), (4, 6, "ORG")), example((6, 8, "ORG"))],
    [answer((0, 3, "PER", 0.9)), answer((6, 8, "ORG", 0.9), (8, 9, "ORG", 0.9))],
)


def figures(parts: list[Slice]) -> list[tuple[str, float, float, int]]:
    return [(one.name, one.scores.precision, one.scores.recall, one.scores.support) for one in parts]


def test_training_is_counted() -> None:
    assert TRAINING.labels == {"PER": 2, "LOC": 1} and TRAINING.surfaces == {("王小明", "PER"): 2, ("北京", "LOC"): 1}
    assert TRAINING.texts == {TEXT} and TRAINING.names == {"王小明", "北京"}
    assert Training.of([Example("a", label="x"), Example("b", labels=("x", "y"))]).labels == {"x": 2, "y": 1}


def test_by_what_training_held_of_a_name() -> None:
    assert figures(by_seen(JUDGED, TRAINING)) == [("seen", 1, 1, 1), ("other", 0, 0, 1), ("unseen", 0.5, 1, 1)]


def test_by_how_often_training_held_it() -> None:
    assert figures(by_times(JUDGED, TRAINING)) == [("0", 0.5, 0.5, 2), ("2-4", 1, 1, 1)]


def test_by_length() -> None:
    long = "字" * 21
    judged = judge([example((0, 3, "A")), example(text=long)], [answer(), answer((0, 1, "A", 0.5), text=long)])
    assert figures(by_length(judged)) == [("0-20", 0, 0, 1), ("21-50", 0, 0, 0)]


def test_a_class_is_seen_where_its_text_is() -> None:
    judged = judge([Example("a", label="x"), Example("b", label="x")], [Prediction(t, label="x") for t in "ab"])
    training = Training.of([Example("a", label="y")])
    assert figures(by_seen(judged, training)) == [("seen", 1, 1, 1), ("unseen", 1, 1, 1)]
