"""What stands for what Python 3.8 lacks."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.edge.compat import pairwise, zip_strict


@given(st.lists(st.integers()))
def test_pairs_are_those_of_itertools(values: list[int]) -> None:
    assert list(pairwise(iter(values))) == list(itertools.pairwise(values))


@given(st.lists(st.integers(), max_size=4), st.lists(st.integers(), max_size=4))
def test_columns_of_different_lengths_are_an_error(one: list[int], other: list[int]) -> None:
    if len(one) == len(other):
        assert list(zip_strict(one, iter(other))) == list(zip(one, other, strict=True))
    else:
        with pytest.raises(ValueError):
            list(zip_strict(one, iter(other)))
