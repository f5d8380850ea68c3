from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.errors import InputError
from paddle_ner.features import windows
from paddle_ner.features.sentences import sentence_ends
from paddle_ner.features.tokenizer import SPECIAL_TOKENS, Tokenizer


@dataclass(frozen=True)
class Layout:
    size: int
    overlap: int
    unit: str = "tokens"
    longest: int | None = None


TOKENIZER = Tokenizer.characters(["北京上海"])
LAYOUT = st.builds(
    lambda size, share, unit, longest: Layout(size, int(share * (size - 3)), unit, longest),
    st.integers(3, 40),
    st.floats(0, 1),
    st.sampled_from(["sentence", "text", "tokens"]),
    st.none() | st.integers(2, 50),
)
TEXT = st.text(max_size=200) | st.text(alphabet="北京上，。！\n", max_size=200)


def contents(text: str, layout: Layout) -> list[str]:
    """What stands in each window; in the tokenizer of these tests a token is a character."""
    return [
        text[window.start : window.start + window.length - windows.SPECIALS]
        for window in windows.encode(text, TOKENIZER, layout).windows
    ]


@given(TEXT, LAYOUT)
def test_every_token_is_owned_exactly_once_by_a_window_that_holds_it(text: str, layout: Layout) -> None:
    encoded = windows.encode(text, TOKENIZER, layout)
    owned = [token for window in encoded.windows for token in range(*window.owned)]
    assert owned == list(range(len(encoded.offsets)))
    for window in encoded.windows:
        assert window.length <= layout.size
        assert window.start <= window.owned[0] <= window.owned[1] <= window.start + window.length - windows.SPECIALS


@given(TEXT, LAYOUT)
def test_a_window_of_sentences_is_no_longer_than_the_longest_that_was_trained_on(text: str, layout: Layout) -> None:
    lengths = [window.length for window in windows.encode(text, TOKENIZER, layout).windows]
    if layout.unit != "tokens" and layout.longest is not None:
        assert max(lengths) <= max(layout.longest, windows.SPECIALS + 1)


@given(st.integers(50, 300), LAYOUT)
def test_the_owner_has_the_most_context(tokens: int, layout: Layout) -> None:
    ranges = windows.spans(tokens, layout.size, layout.overlap)
    encoded = windows.encode("北" * tokens, TOKENIZER, Layout(layout.size, layout.overlap))

    def context(token: int, start: int, end: int) -> float:
        before = float("inf") if start == 0 else token - start
        after = float("inf") if end == tokens else end - 1 - token
        return min(before, after)

    for window in encoded.windows:
        own = (window.start, window.start + window.length - windows.SPECIALS)
        for token in range(*window.owned):
            best = max(context(token, *span) for span in ranges if span[0] <= token < span[1])
            assert context(token, *own) >= best - 1  # of an even overlap's two middle tokens either may own


def test_windows_over_a_long_sentence_part_at_the_end_of_a_clause() -> None:
    text = "北京上海北京上，海北京上海北京"
    first, second = windows.encode(text, TOKENIZER, Layout(14, 8, "sentence")).windows
    assert (text[slice(*first.owned)], text[slice(*second.owned)]) == ("北京上海北京上，", "海北京上海北京")


@given(TEXT, LAYOUT)
def test_joined_rows_are_those_of_the_whole_text(text: str, layout: Layout) -> None:
    encoded = windows.encode(text, TOKENIZER, layout)
    rows = [window.ids[:, None].astype(np.float32) for window in encoded.windows]
    assert windows.join(encoded.windows, rows)[:, 0].tolist() == TOKENIZER.encode(text).ids.tolist()
    with pytest.raises(ValueError, match=f"logits of {len(rows) - 1} windows, expected {len(rows)}"):
        windows.join(encoded.windows, rows[:-1])


@given(
    st.lists(st.text(alphabet="北京上海，", min_size=1, max_size=60).map("北{}。".format), min_size=1),
    st.integers(3, 40),
)
def test_texts_that_are_joined_have_the_windows_of_each(texts: list[str], size: int) -> None:
    layout = Layout(size, (size - 2) // 4, "sentence")
    alone = [window for text in texts for window in windows.encode(text, TOKENIZER, layout).windows]
    together = windows.encode("".join(texts), TOKENIZER, layout).windows
    assert [window.ids.tolist() for window in together] == [window.ids.tolist() for window in alone]
    assert [window.owned_rows for window in together] == [window.owned_rows for window in alone]


def test_a_window_of_a_text_holds_as_many_whole_sentences_as_fit() -> None:
    text = "北京。上海。北京上海。京。"
    assert contents(text, Layout(10, 2, "text")) == ["北京。上海。", "北京上海。京。"]
    assert contents(text, Layout(100, 2, "text")) == [text]
    assert contents(text, Layout(100, 2, "text", longest=10)) == ["北京。上海。", "北京上海。京。"]


def test_a_window_of_a_sentence_holds_no_other() -> None:
    assert contents("北京。上海。北京上海。京。", Layout(100, 2, "sentence")) == [
        "北京。",
        "上海。",
        "北京上海。",
        "京。",
    ]


def test_sentences_without_tokens_have_no_window() -> None:
    tokenizer = Tokenizer.wordpiece([*SPECIAL_TOKENS, "北", "京", "。"])
    encoded = windows.encode("北。\n \n京\n", tokenizer, Layout(16, 4, "sentence"))
    assert [window.owned for window in encoded.windows] == [(0, 2), (2, 3)]
    assert [window.owned for window in windows.encode(" \n", tokenizer, Layout(16, 4, "sentence")).windows] == [(0, 0)]


@given(st.text(alphabet="北京ab。.! \n", max_size=80))
def test_wordpieces_are_cut_where_the_sentences_of_the_text_end(text: str) -> None:
    tokenizer = Tokenizer.wordpiece([*SPECIAL_TOKENS, "北", "京", "。", "a", "##b", ".", "!"])
    encoded = windows.encode(text, tokenizer, Layout(100, 0, "sentence"))
    ends = sentence_ends(text)
    for window in encoded.windows:
        covered = encoded.offsets[slice(*window.owned)]
        if len(covered):
            first, last = covered[0][0], covered[-1][1]
            assert any(start <= first and last <= end for start, end in pairwise([0, *ends]))


def test_an_overlap_as_large_as_the_window_is_refused() -> None:
    with pytest.raises(InputError, match=r"window\.overlap"):
        windows.spans(100, 10, 8)
