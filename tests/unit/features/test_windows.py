from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.errors import InputError
from paddle_ner.features import windows
from paddle_ner.features.tokenizer import Tokenizer

TOKENIZER = Tokenizer.characters(["北京上海"])
LAYOUT = st.integers(3, 40).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 3)))


@given(st.integers(0, 300), LAYOUT)
def test_every_token_is_owned_exactly_once_by_a_window_that_holds_it(tokens: int, layout: tuple[int, int]) -> None:
    size, overlap = layout
    encoded = windows.encode("北" * tokens, TOKENIZER, size, overlap)
    owned = [token for window in encoded.windows for token in range(*window.owned)]
    assert owned == list(range(tokens))
    for window in encoded.windows:
        assert window.length <= size
        assert window.start <= window.owned[0] <= window.owned[1] <= window.start + window.length - windows.SPECIALS


@given(st.integers(50, 300), LAYOUT)
def test_the_owner_has_the_most_context(tokens: int, layout: tuple[int, int]) -> None:
    size, overlap = layout
    ranges = windows.spans(tokens, size, overlap)
    encoded = windows.encode("北" * tokens, TOKENIZER, size, overlap)

    def context(token: int, start: int, end: int) -> float:
        before = float("inf") if start == 0 else token - start
        after = float("inf") if end == tokens else end - 1 - token
        return min(before, after)

    for window in encoded.windows:
        own = (window.start, window.start + window.length - windows.SPECIALS)
        for token in range(*window.owned):
            best = max(context(token, *span) for span in ranges if span[0] <= token < span[1])
            assert context(token, *own) >= best - 1  # of an even overlap's two middle tokens either may own


@given(st.text(max_size=200), LAYOUT)
def test_joined_rows_are_those_of_the_whole_text(text: str, layout: tuple[int, int]) -> None:
    encoded = windows.encode(text, TOKENIZER, *layout)
    rows = [window.ids[:, None].astype(np.float32) for window in encoded.windows]
    assert windows.join(encoded.windows, rows)[:, 0].tolist() == TOKENIZER.encode(text).ids.tolist()


def test_an_overlap_as_large_as_the_window_is_refused() -> None:
    with pytest.raises(InputError, match=r"window\.overlap"):
        windows.spans(100, 10, 8)
