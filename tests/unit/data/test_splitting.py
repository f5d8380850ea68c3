from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.data import folds, key_of, split
from paddle_ner.errors import InputError
from paddle_ner.types import Entity, Example
from tests.labelled import entities_of


def examples(count: int) -> list[Example]:
    return [Example(f"文{n}", label="正", id=str(n)) for n in range(count)]


def test_parts_have_their_shares_and_the_order_of_the_file() -> None:
    parts = split(examples(1000), [0.8, 0.1, 0.1], seed=1)
    assert [len(part) for part in parts] == [800, 100, 100]
    assert all(part == sorted(part, key=lambda example: int(str(example.id))) for part in parts)


def test_the_seed_decides() -> None:
    assert split(examples(50), [0.5, 0.5], 1) == split(examples(50), [0.5, 0.5], 1)
    assert split(examples(50), [0.5, 0.5], 1) != split(examples(50), [0.5, 0.5], 2)


def test_the_cut_stays_the_same_over_versions() -> None:
    assert [example.id for example in split(examples(12), [0.75, 0.25], 7)[1]] == ["4", "6", "11"]


@given(st.lists(st.sampled_from("甲乙丙丁戊己"), min_size=30, max_size=60), st.integers())
def test_every_example_is_in_one_part_and_equal_texts_in_the_same(texts: list[str], seed: int) -> None:
    whole = [Example(text, id=str(n)) for n, text in enumerate(texts)]
    try:
        parts = split(whole, [0.5, 0.3, 0.2], seed)
    except InputError:
        return
    assert sorted(int(str(example.id)) for part in parts for example in part) == list(range(len(texts)))
    seen = [{example.text for example in part} for part in parts]
    assert not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2])


@pytest.mark.parametrize("fractions", [[], [0.5, 0.4], [1.5, -0.5], [1, 0], [float("nan"), 1]])
def test_fractions_that_are_not_shares_are_refused(fractions: list[float]) -> None:
    with pytest.raises(InputError, match="expected positive numbers that add up to 1"):
        split(examples(10), fractions, 1)


def test_too_few_texts_are_refused() -> None:
    with pytest.raises(InputError, match="2 different texts are too few for 3 parts"):
        split(examples(2), [0.4, 0.3, 0.3], 1)


def test_each_part_has_its_share_of_every_class() -> None:
    whole = [Example(f"文{n}", label="多" if n % 10 else "少") for n in range(400)]
    for seed in range(20):
        train, dev = split(whole, [0.9, 0.1], seed)
        assert sum(example.label == "少" for example in dev) == 4
        assert (len(train), len(dev)) == (360, 40)


def test_each_part_has_its_share_of_every_entity_type() -> None:
    def sentence(number: int, *labels: str) -> Example:
        text = f"{number:04}"
        return Example(text, tuple(Entity.of(text, n, n + 1, label) for n, label in enumerate(labels)))

    whole = [sentence(n, *(["PER"] if n % 2 else []), *(["ORG"] if n % 20 == 0 else [])) for n in range(400)]
    for seed in range(20):
        _, dev = split(whole, [0.9, 0.1], seed)
        counts = [sum(e.label == label for x in dev for e in entities_of(x)) for label in ("PER", "ORG")]
        assert counts == [20, 2]


@given(st.lists(st.sampled_from("甲乙丙丁戊己庚辛"), min_size=12, max_size=40), st.integers(0, 50))
def test_a_label_that_stands_once_is_in_the_largest_part(labels: list[str], seed: int) -> None:
    train, _ = split([Example(str(n), label=label) for n, label in enumerate(labels)], [0.8, 0.2], seed)
    assert {example.label for example in train} == set(labels)


def test_no_part_is_empty_however_small_its_fraction() -> None:
    whole = [Example("甲", label="正"), Example("乙", label="负"), Example("丙", label="正")]
    train, dev = split(whole, [0.95, 0.05], 3)
    assert [example.label for example in dev] == ["正"]
    assert len(train) == 2


def documents(count: int, each: int) -> list[Example]:
    return [Example(f"文{n}", label="正负"[n % 2], fields={"meta": {"doc": n // each}}) for n in range(count)]


def test_examples_with_the_same_key_stay_together() -> None:
    parts = split(documents(60, 4), [0.6, 0.2, 0.2], 1, key_of("meta.doc"))
    owners = [{example.fields["meta"]["doc"] for example in part} for part in parts]
    assert [len(part) for part in parts] == [36, 12, 12]
    assert not (owners[0] & owners[1] or owners[0] & owners[2] or owners[1] & owners[2])


def test_keys_that_share_a_text_stay_together_too() -> None:
    whole = [Example(text, id=key) for key, text in [("1", "甲"), ("1", "乙"), ("2", "乙"), ("2", "丙"), ("3", "丁")]]
    train, dev = split(whole, [0.8, 0.2], 1, key_of("id"))
    assert [example.text for example in dev] == ["丁"] and len(train) == 4


def test_an_example_without_the_key_is_refused_with_what_it_has() -> None:
    with pytest.raises(InputError, match="a:3: no doc to group by, expected one: it has title"):
        split([Example("甲", origin="a:3", fields={"title": "x"})], [0.5, 0.5], 1, key_of("doc"))


def test_fewer_keys_than_parts_are_refused() -> None:
    with pytest.raises(InputError, match="1 groups of texts are too few for 2 parts"):
        split(documents(4, 4), [0.5, 0.5], 1, key_of("meta.doc"))


def test_every_example_is_in_the_dev_set_of_one_fold() -> None:
    whole = examples(50)
    found = folds(whole, 5, 1)
    assert [len(dev) for _, dev in found] == [10] * 5
    assert sorted((example.text for _, dev in found for example in dev)) == sorted(example.text for example in whole)
    for train, dev in found:
        assert len(train) == 40 and not {example.text for example in train} & {example.text for example in dev}


def test_one_fold_is_refused() -> None:
    with pytest.raises(InputError, match="1 folds, expected 2 at least"):
        folds(examples(9), 1, 1)
