from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from paddle_ner.errors import InputError
from paddle_ner.evaluation.suspects import suspects
from paddle_ner.inference.predictor import Predictor
from paddle_ner.types import Entity, Example, Prediction


class Answers:
    """Gives the answers that it is made with."""

    def __init__(self, labels: tuple[str, ...], *answers: Prediction) -> None:
        self.decoding = SimpleNamespace(labels=labels)
        self.answers = answers

    def stream(self, texts: Iterable[str]) -> Iterator[Prediction]:
        return (answer for _, answer in zip(texts, self.answers, strict=True))


def entities(text: str, *spans: tuple[int, int, str], origin: str = "a:1") -> Example:
    return Example(text, tuple(Entity.of(text, *span) for span in spans), origin=origin)


def test_what_the_model_is_sure_of_and_is_not_annotated() -> None:
    text = "王芳在北京大学"
    gold = entities(text, (0, 2, "PER"), (3, 5, "LOC"))
    found = [(0, 2, "PER", 0.99), (3, 7, "ORG", 0.95), (2, 3, "LOC", 0.5)]
    other = entities("去上海", origin="a:2")
    more = [(1, 3, "LOC", 0.97), (0, 1, "ORG", 0.2)]
    given = [(text, found), ("去上海", more)]
    answers = Answers(
        ("PER", "LOC", "ORG"),
        *(Prediction(one, tuple(Entity.of(one, *span) for span in spans)) for one, spans in given),
    )
    (finding,) = suspects(cast(Predictor, answers), [gold, other], "mine")
    assert finding.message.startswith("1 place of 2 texts where mine is sure (0.9 or more)")
    assert [str(place) for place in finding.places] == ["a:2: 去[LOC 上海]  0.97; not annotated"]


def test_another_border_is_shown_with_the_annotation() -> None:
    text = "王芳在北京大学"
    gold = entities(text, (3, 5, "ORG"))
    answers = Answers(("ORG",), Prediction(text, (Entity.of(text, 3, 7, "ORG", 0.95),)))
    (finding,) = suspects(cast(Predictor, answers), [gold], "mine")
    assert [place.shown for place in finding.places] == ["王芳在[ORG 北京大学]  0.95; ORG '北京'"]


def test_a_class_that_the_model_is_sure_of() -> None:
    answers = Answers(
        ("正", "负"), *(Prediction("好", label="正", scores={"正": p, "负": 1 - p}) for p in (0.98, 0.6, 0.9))
    )
    examples = [
        Example("好", label="负", origin="a:1"),
        Example("坏", label="负", origin="a:2"),
        Example("行", label="正"),
    ]
    (finding,) = suspects(cast(Predictor, answers), examples, "mine")
    assert [str(place) for place in finding.places] == ["a:1: '好'  负, the model 正 0.98"]


def test_of_several_labels_one_that_the_model_is_sure_against() -> None:
    answers = Answers(("正", "负"), Prediction("好", labels=(), scores={"正": 0.02, "负": 0.5}))
    (finding,) = suspects(cast(Predictor, answers), [Example("好", labels=("正", "负"), origin="a:1")], "mine")
    assert [place.shown for place in finding.places] == ["'好'  正, the model gives it 0.02"]


def test_an_answer_that_agrees_is_no_finding() -> None:
    answers = Answers(("正", "负"), Prediction("好", label="正", scores={"正": 0.98, "负": 0.02}))
    assert suspects(cast(Predictor, answers), [Example("好", label="正")], "mine") == []


def test_a_model_of_other_labels_is_refused() -> None:
    with pytest.raises(InputError, match=r"mine: its labels \(LOC, PER\) are none of the data's \(company\)"):
        suspects(cast(Predictor, Answers(("PER", "LOC"))), [entities("好的", (0, 1, "company"))], "mine")
