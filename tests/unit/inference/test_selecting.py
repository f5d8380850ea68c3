from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_ner.bundle import Manifest, WindowSpec
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.inference import protocols
from paddle_ner.inference.predictor import Predictor
from paddle_ner.inference.selecting import Chosen, select
from paddle_ner.types import Example

DOUBTFUL = "疑"


class Engine:
    """Two classes: the more often a text has the character 疑, the nearer they are."""

    def __init__(self, number: int) -> None:
        self._number = number

    def run(self, ids: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        times = (ids == self._number).sum(axis=1)
        return {"logits": np.stack([4.0 - times, np.zeros(len(ids))], axis=1).astype(np.float32)}


@pytest.fixture
def predictor() -> Predictor:
    tokenizer = Tokenizer.characters(["疑甲乙丙丁戊己庚辛一二三四"])
    manifest = Manifest(name="m", task={"name": "classification", "labels": ["正", "负"]}, window=WindowSpec(size=64))
    return Predictor(manifest, tokenizer, cast(protocols.Engine, Engine(tokenizer.vocabulary[DOUBTFUL])))


def texts(chosen: list[Chosen]) -> list[str]:
    return [one.example.text for one in chosen]


def test_the_most_doubtful_texts_come_first(predictor: Predictor) -> None:
    found = select(predictor, [Example("甲乙"), Example("疑疑疑"), Example("丙疑丁"), Example(" ")], 9)
    assert texts(found) == ["疑疑疑", "丙疑丁", "甲乙"]
    assert [round(one.doubt, 3) for one in found] == [0.538, 0.095, 0.036]
    assert found[0].prediction.label == "正"


def test_texts_that_are_like_one_that_is_taken_wait(predictor: Predictor) -> None:
    alike = [Example("甲乙丙丁疑疑疑一"), Example("甲乙丙丁疑疑疑二"), Example("戊己庚辛疑疑")]
    assert texts(select(predictor, alike, 2)) == ["甲乙丙丁疑疑疑一", "戊己庚辛疑疑"]


def test_what_is_labelled_and_what_comes_twice_is_not_taken(predictor: Predictor) -> None:
    found = select(predictor, [Example("疑甲", id="1"), Example("疑甲", id="2"), Example("疑乙")], 9, ["疑乙"])
    assert [one.example.id for one in found] == ["1"] and found[0].prediction.id == "1"


def test_what_is_like_a_labelled_text_waits(predictor: Predictor) -> None:
    found = select(predictor, [Example("甲乙丙丁疑疑疑一"), Example("戊己庚辛疑疑")], 1, ["甲乙丙丁疑疑疑二"])
    assert texts(found) == ["戊己庚辛疑疑"]


def test_of_no_text_none_is_taken(predictor: Predictor) -> None:
    assert select(predictor, [], 3) == []
