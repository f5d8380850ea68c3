from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from paddle_ner.inference.predictor import Predictor
from paddle_ner.training import examples
from paddle_ner.types import Entity, Example, Prediction


def entity_example(text: str, *entities: tuple[int, int, str]) -> Example:
    return Example(text, entities=tuple(Entity.of(text, *entity) for entity in entities))


DEV = [
    entity_example("没有名字的一句话"),
    entity_example("韩梅在苏州的大学", (0, 2, "PER"), (3, 5, "LOC")),
    entity_example("周子昂来过这里", (0, 3, "PER")),
    entity_example("青禾科技今天开业", (0, 4, "ORG")),
    entity_example("李雷去北京的路上", (0, 2, "PER"), (3, 5, "LOC")),
    entity_example("苏州", (0, 2, "LOC")),
]


class Knows:
    """Answers as the examples are labelled, but for those whose text is in `wrong`."""

    def __init__(self, dev: Sequence[Example], wrong: Sequence[str] = ()) -> None:
        self.answers = {one.text: one for one in dev}
        self.wrong = wrong

    def __call__(self, texts: Sequence[str]) -> list[Prediction]:
        return [self._answer(text) for text in texts]

    def _answer(self, text: str) -> Prediction:
        known = self.answers[text]
        if text in self.wrong:
            return Prediction(text, None if known.entities is None else (), label="?", labels=())
        return Prediction(text, known.entities, known.label, known.labels)


def chosen(dev: Sequence[Example], wrong: Sequence[str] = (), count: int = examples.COUNT) -> list[str]:
    return examples.chosen(cast(Predictor, Knows(dev, wrong)), dev, count)


def test_they_show_all_labels_first_and_then_go_on() -> None:
    assert chosen(DEV, count=2) == ["韩梅在苏州的大学", "青禾科技今天开业"]
    assert chosen(DEV) == ["韩梅在苏州的大学", "青禾科技今天开业", "李雷去北京的路上", "周子昂来过这里"]


def test_what_is_answered_wrong_or_holds_nothing_or_is_short_is_none() -> None:
    assert chosen(DEV, wrong=["韩梅在苏州的大学", "青禾科技今天开业"]) == ["李雷去北京的路上", "周子昂来过这里"]
    assert chosen([DEV[0], DEV[-1]]) == []


@pytest.mark.parametrize(
    "dev",
    [
        [Example("这部电影太好看了", label="正"), Example("这部电影太难看了", label="负")],
        [Example("这部电影太好看了", labels=("正",)), Example("这部电影太难看了", labels=("负", "长"))],
    ],
)
def test_classes_too(dev: list[Example]) -> None:
    assert sorted(chosen(dev)) == sorted(one.text for one in dev)
    assert chosen(dev, wrong=[dev[0].text]) == [dev[1].text]


def test_a_text_stands_once() -> None:
    assert chosen([DEV[1], DEV[1]]) == [DEV[1].text]
