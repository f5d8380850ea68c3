"""Calibration sees what serving sees."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_ner.bundle import WindowSpec
from paddle_ner.compression.quantization.calibration import BATCH_TOKENS, batches, describe
from paddle_ner.errors import InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.inference.planning import LENGTHS
from paddle_ner.types import Example

TEXTS = ["北京" * length for length in range(1, 60)]
WINDOW = WindowSpec(size=32, overlap=8)
TOKENIZER = Tokenizer.characters(TEXTS)


def test_rows_are_cut_padded_and_counted_as_asked() -> None:
    found = batches(TEXTS, TOKENIZER, WINDOW, rows=40)
    assert sum(len(one) for one in found) == 40
    assert {one.shape[1] for one in found} <= set(LENGTHS) and max(one.shape[1] for one in found) == WINDOW.size
    assert all(one.size <= BATCH_TOKENS for one in found)
    assert any((one == TOKENIZER.pad_id).any() for one in found), "no padding: the mask was never observed"


def test_the_same_texts_give_the_same_rows() -> None:
    one, other = (batches(TEXTS, TOKENIZER, WINDOW, rows=25) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_few_texts_give_all_their_windows() -> None:
    assert sum(len(one) for one in batches(["北京", "上海"], TOKENIZER, WINDOW, rows=100)) == 2


def test_no_text_is_refused() -> None:
    with pytest.raises(InputError, match="no texts to calibrate with"):
        batches([], TOKENIZER, WINDOW, rows=8)


def test_the_hash_of_a_set_follows_its_content() -> None:
    here, there = Example("北京", label="place", origin="a.txt:1"), Example("北京", label="place", origin="b.txt:9")
    assert describe([here]) == describe([there])
    assert describe([here]).sha256 != describe([Example("北京", label="other")]).sha256
