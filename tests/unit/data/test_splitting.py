from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.data import split
from paddle_ner.errors import InputError
from paddle_ner.types import Example


def examples(count):
    return [Example(f"文{n}", label="正", id=str(n)) for n in range(count)]


def test_parts_have_their_shares_and_the_order_of_the_file():
    parts = split(examples(1000), [0.8, 0.1, 0.1], seed=1)
    assert [len(part) for part in parts] == [800, 100, 100]
    assert all(part == sorted(part, key=lambda example: int(example.id)) for part in parts)


def test_the_seed_decides():
    assert split(examples(50), [0.5, 0.5], 1) == split(examples(50), [0.5, 0.5], 1)
    assert split(examples(50), [0.5, 0.5], 1) != split(examples(50), [0.5, 0.5], 2)


def test_the_cut_stays_the_same_over_versions():
    assert [example.id for example in split(examples(12), [0.75, 0.25], 7)[1]] == ["2", "5", "6"]


@given(st.lists(st.sampled_from("甲乙丙丁戊己"), min_size=30, max_size=60), st.integers())
def test_every_example_is_in_one_part_and_equal_texts_in_the_same(texts, seed):
    whole = [Example(text, id=str(n)) for n, text in enumerate(texts)]
    try:
        parts = split(whole, [0.5, 0.3, 0.2], seed)
    except InputError:
        return
    assert sorted(int(example.id) for part in parts for example in part) == list(range(len(texts)))
    seen = [{example.text for example in part} for part in parts]
    assert not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2])


@pytest.mark.parametrize("fractions", [[], [0.5, 0.4], [1.5, -0.5], [1, 0], [float("nan"), 1]])
def test_fractions_that_are_not_shares_are_refused(fractions):
    with pytest.raises(InputError, match="expected positive numbers that add up to 1"):
        split(examples(10), fractions, 1)


def test_too_few_texts_are_refused():
    with pytest.raises(InputError, match="2 different texts are too few for 3 parts"):
        split(examples(2), [0.4, 0.3, 0.3], 1)
