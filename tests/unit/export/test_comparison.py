"""How far two models are apart, over all outputs of all windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest

from paddle_ner.bundle import WindowSpec
from paddle_ner.export.comparison import PROBES, largest_difference
from paddle_ner.features import windows
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.features.windows import Encoded, Window
from paddle_ner.inference.predictor import Predictor

TOKENIZER = Tokenizer.characters(["".join(PROBES)])


class Shifted:
    """Says the ids of its windows, with `by` added to the last one of the longest text."""

    def __init__(self, by: float) -> None:
        self._by = by

    def encode(self, text: str) -> Encoded:
        return windows.encode(text, TOKENIZER, WindowSpec(size=32, overlap=4))

    def run(self, rows: Sequence[Window]) -> list[dict[str, Any]]:
        return [{"logits": self._last(row), "other": np.zeros(1, np.float32)} for row in rows]

    def _last(self, row: Window) -> Any:
        values = row.ids.astype(np.float32)
        values[-1] += self._by if row.start else 0
        return values


def difference(by: float) -> float:
    return largest_difference(cast(Predictor, Shifted(0)), cast(Predictor, Shifted(by)), PROBES)


@pytest.mark.parametrize("by", [0.0, 0.5, -2.0])
def test_the_largest_difference_of_any_window_is_found(by: float) -> None:
    assert difference(by) == abs(by)


def test_an_output_that_is_no_number_is_no_small_difference() -> None:
    assert math.isnan(difference(math.nan))
