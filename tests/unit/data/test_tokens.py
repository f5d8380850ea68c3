from __future__ import annotations

import pytest

from paddle_ner.data.tokens import splits_word


@pytest.mark.parametrize(
    ("text", "splits"), [("ab", True), ("12", True), ("a1", False), ("中a", False), ("中文", False)]
)
def test_where_a_word_is_split(text: str, splits: bool) -> None:
    assert splits_word(text, 1) is splits
    assert not splits_word(text, 0) and not splits_word(text, 2)
