"""The shapes that a TensorRT engine is built for, against what a predictor asks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.export.edge.shapes import option, profile
from paddle_ner.inference.planning import pad, plan
from paddle_ner.inference.predictor import BATCH_TOKENS


@given(st.integers(4, 4096), st.data())
def test_every_row_of_every_batch_fits(window: int, draw: st.DataObject) -> None:
    lengths = draw.draw(st.lists(st.integers(2, window), min_size=1, max_size=40))
    shapes = profile(window, lengths)
    for batch in plan(lengths, BATCH_TOKENS):
        _, tokens = pad([np.zeros(lengths[index], np.int64) for index in batch], 0, window).shape
        assert shapes.smallest[1] <= tokens <= shapes.largest[1]
    for small, middle, large in zip(shapes.smallest, shapes.best, shapes.largest, strict=True):
        assert 1 <= small <= middle <= large


@pytest.mark.parametrize("window", [64, 128, 512])
def test_a_whole_batch_at_full_length_goes_through_at_once(window: int) -> None:
    rows, tokens = profile(window, [window]).largest
    assert (rows * tokens, tokens) == (BATCH_TOKENS, window)


def test_the_engine_is_tuned_for_the_usual_length() -> None:
    assert profile(128, [20, 21, 22, 128]).best[1] == 24


def test_every_input_gets_the_shape() -> None:
    assert option((4, 32), ["input_ids", "token_type_ids"]) == "input_ids:4x32,token_type_ids:4x32"
