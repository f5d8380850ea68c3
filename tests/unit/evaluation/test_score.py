"""Scores that are not numbers are no report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from paddle_ner import tasks
from paddle_ner.errors import GateError, InputError
from paddle_ner.evaluation.score import score
from paddle_ner.types import Entity, Example, Prediction

CLASSES = tasks.create("classification", ["yes", "no"])
ENTITIES = tasks.create("ner", ["PER"])


class Answers:
    """A predictor that gives every text the same answer."""

    def __init__(self, task: Any, **answer: Any) -> None:
        self.decoding, self.answer = task.decoding, answer

    def __call__(self, texts: Sequence[str]) -> list[Prediction]:
        return [Prediction(text, **self.answer) for text in texts]


def classifier(probability: float) -> Any:
    return Answers(CLASSES, label="yes", scores={"yes": probability, "no": 1 - probability})


def tagger(probability: float) -> Any:
    return Answers(ENTITIES, entities=(Entity.of("王明", 0, 2, "PER", probability),))


def test_a_report_is_of_the_predictions() -> None:
    report, predictions = score(classifier(0.7), [Example("好", label="yes"), Example("坏", label="no")])
    assert report.value == 0.5 and [one.label for one in predictions] == ["yes", "yes"]


@pytest.mark.parametrize(
    ("predictor", "example"),
    [
        (classifier(float("nan")), Example("好", label="yes")),
        (tagger(float("nan")), Example("王明", entities=(Entity.of("王明", 0, 2, "PER"),))),
    ],
)
def test_scores_that_are_not_numbers_are_refused_though_every_answer_is_right(predictor: Any, example: Example) -> None:
    with pytest.raises(GateError, match="scores that are not numbers"):
        score(predictor, [example])


def test_nothing_to_score_is_said() -> None:
    with pytest.raises(InputError, match="no examples to score on"):
        score(classifier(0.7), [])
