from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.features.windows import encode
from paddle_ner.tasks.decoding import Decoding, create
from paddle_ner.tasks.doubt import doubt

TOKENIZER = Tokenizer.characters(["甲乙丙丁"])


class Layout:
    size, overlap, unit, longest = 16, 4, "tokens", None


def doubt_of(decoding: Decoding, text: str, logits: ArrayLike, **more: Any) -> float:
    encoded = encode(text, TOKENIZER, Layout)
    outputs = [{"logits": np.array(logits, dtype=np.float32), **more}]
    return doubt(decoding, encoded, outputs, decoding.decode(encoded, outputs))


def rows(*probabilities: float) -> list[list[float]]:
    """Logits of [CLS], of a token each, and of [SEP]: the tag O with a probability, the rest on B."""
    found = [[np.log(p), np.log(1 - p), -50.0] for p in probabilities]
    return [[0, 0, 0], *found, [0, 0, 0]]


def test_a_text_is_as_doubtful_as_its_least_sure_token() -> None:
    ner = create("ner", ["PER"])
    assert doubt_of(ner, "甲乙丙", rows(0.99, 0.7, 0.9)) == pytest.approx(0.3, abs=1e-5)
    assert doubt_of(ner, "甲乙丙", rows(0.99, 0.02, 0.9)) == pytest.approx(0.1, abs=1e-5)


def test_the_temperature_softens_the_doubt() -> None:
    sharp, soft = create("ner", ["PER"]), create("ner", ["PER"], temperature=2.0)
    assert doubt_of(soft, "甲乙", rows(0.9, 0.9)) == pytest.approx(0.25, abs=1e-5)  # 3 : 1 are the roots of 9 : 1
    assert doubt_of(sharp, "甲乙", rows(0.9, 0.9)) == pytest.approx(0.1, abs=1e-5)


def test_classes_by_the_margin_of_the_two_most_probable() -> None:
    classes = create("classification", ["正", "负", "中"])
    logits = np.log([0.6, 0.3, 0.1])
    assert doubt_of(classes, "甲", logits) == pytest.approx(0.7, abs=1e-5)


def test_several_labels_by_the_one_nearest_to_a_half() -> None:
    several = create("multi-label", ["正", "负"])
    logits = np.log([0.9 / 0.1, 0.4 / 0.6])
    assert doubt_of(several, "甲", logits) == pytest.approx(0.8, abs=1e-5)


def test_a_text_without_tokens_is_not_doubted() -> None:
    assert doubt_of(create("ner", ["PER"]), "", [[0, 0, 0], [0, 0, 0]]) == 0.0
