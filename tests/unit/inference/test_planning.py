"""Batches hold every row once, stay within the budget, and have few shapes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.inference.planning import LENGTHS, ROWS, padded_length, plan, whole_rows


@given(st.lists(st.integers(2, 512), max_size=200), st.integers(16, 4096))
def test_every_row_goes_once_within_the_budget_in_a_known_shape(lengths: list[int], budget: int) -> None:
    batches = plan(lengths, budget)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        width = padded_length(max(lengths[index] for index in batch))
        assert len(batch) == 1 or len(batch) * width <= budget
        assert len(batch) in ROWS and width in LENGTHS


@given(st.integers(1, 512), st.sampled_from([8, 16]))
def test_a_length_is_padded_to_the_next_that_is_known(length: int, multiple: int) -> None:
    width = padded_length(length, multiple)
    assert width >= length and width % multiple == 0
    assert width - length < max(multiple, length / 2)
    assert width in LENGTHS


@given(st.integers(1, 1000))
def test_at_most_a_third_of_the_rows_waits_for_the_next_batch(rows: int) -> None:
    whole = whole_rows(rows)
    assert whole in ROWS and whole <= rows
    assert rows > ROWS[-1] or 3 * (rows - whole) <= rows


def test_there_are_few_shapes_within_the_usual_budget() -> None:
    assert sum(rows * length <= 2048 for rows in ROWS for length in LENGTHS) <= 160
