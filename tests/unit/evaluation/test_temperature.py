"""A model that is too sure of what it finds, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest

from paddle_ner.bundle import WindowSpec
from paddle_ner.evaluation.temperature import fit
from paddle_ner.features import windows
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.features.windows import Encoded
from paddle_ner.inference.predictor import Predictor
from paddle_ner.tasks.decoding import Decoding, create
from paddle_ner.tasks.spans import WIDTH
from paddle_ner.types import Entity, Example

TEXT = "京"
RIGHT, WRONG = Example(TEXT, (Entity.of(TEXT, 0, 1, "LOC"),)), Example(TEXT, ())
FLAT, SPANS = create("ner", ["LOC"]), create("ner", ["LOC"], overlapping=True)


class Sure:
    """Finds a place in every text, with outputs that a temperature of `temperature` turns into a score of 0.9."""

    def __init__(self, decoding: Decoding, temperature: float) -> None:
        self.decoding, self.margin = decoding, temperature * np.log(9)

    def encode(self, text: str) -> Encoded:
        return windows.encode(text, Tokenizer.characters([TEXT]), WindowSpec(size=8, overlap=2))

    def outputs(self, encoded: Sequence[Encoded]) -> list[list[dict[str, Any]]]:
        logits = np.zeros((3, self.decoding.num_outputs), dtype=np.float32)
        logits[1, 2 * WIDTH if self.decoding.overlapping else 1] = self.margin
        if not self.decoding.overlapping:
            logits[1, 2] = -100  # no I-LOC
        return [[{"logits": logits}] for _ in encoded]


def predictor(decoding: Decoding, temperature: float) -> Predictor:
    return cast(Predictor, Sure(decoding, temperature))


@pytest.mark.parametrize("decoding", [FLAT, SPANS, create("ner", ["LOC"], temperature=5)])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 3.5])
def test_scores_become_the_share_that_is_right(decoding: Decoding, temperature: float) -> None:
    examples = [RIGHT] * 90 + [WRONG] * 10
    assert fit(predictor(decoding, temperature), examples) == pytest.approx(temperature, rel=0.02)


@pytest.mark.parametrize(
    ("decoding", "examples"),
    [
        (FLAT, []),
        (FLAT, [RIGHT] * 100),
        (FLAT, [WRONG] * 100),
        (FLAT, [RIGHT] * 40 + [WRONG] * 9),
        (create("classification", ["a", "b"]), [Example(TEXT, label="a")] * 100),
    ],
)
def test_what_says_too_little_changes_nothing(decoding: Decoding, examples: list[Example]) -> None:
    assert fit(predictor(decoding, 2.0), examples) == 1
