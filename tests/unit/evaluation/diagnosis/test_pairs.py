from __future__ import annotations

import pytest

from paddle_ner.evaluation.diagnosis.items import Item
from paddle_ner.evaluation.diagnosis.pairs import Pair, confusion, match, schemes
from tests.unit.evaluation.diagnosis.diagnosis_builders import item


@pytest.mark.parametrize(
    ("gold", "found", "kinds"),
    [
        ([item(0, 2)], [item(0, 2)], ["right"]),
        ([item(0, 2)], [item(0, 2, "B")], ["type"]),
        ([item(0, 2)], [item(0, 3)], ["borders"]),
        ([item(0, 2)], [item(1, 3, "B")], ["both"]),
        ([item(0, 2)], [], ["missed"]),
        ([], [item(0, 2)], ["invented"]),
        ([item(0, 2)], [item(2, 4)], ["missed", "invented"]),  # they touch, and share nothing
        ([item(0, 2), item(2, 4)], [item(0, 4)], ["borders", "missed"]),
        ([item(0, 4)], [item(0, 2), item(2, 4)], ["borders", "invented"]),
    ],
)
def test_each_entity_has_one_kind(gold: list[Item], found: list[Item], kinds: list[str]) -> None:
    assert [pair.kind for pair in match(gold, found)] == kinds


def test_the_same_span_goes_before_the_same_type_and_that_before_what_is_shared() -> None:
    span = match([item(0, 3, "A")], [item(0, 3, "B"), item(0, 2, "A")])
    assert Pair("type", item(0, 3), item(0, 3, "B")) in span
    best = match([item(2, 6, "A")], [item(0, 5, "B"), item(5, 8, "A")])
    assert Pair("borders", item(2, 6), item(5, 8)) in best


@pytest.mark.parametrize(
    ("gold", "found", "border"),
    [
        (item(2, 4), item(1, 4), "longer"),
        (item(2, 4), item(1, 5), "longer"),
        (item(2, 5), item(2, 4), "shorter"),
        (item(2, 5), item(3, 4), "shorter"),
        (item(2, 4), item(3, 5), "shifted"),
        (item(2, 4), item(2, 4), None),
    ],
)
def test_a_border_is_longer_shorter_or_shifted(gold: Item, found: Item, border: str | None) -> None:
    assert Pair("borders", gold, found).border == border


def test_four_ways_to_score() -> None:
    # 5 annotated, 5 found: right, type, borders, both, and one of each alone.
    gold = [item(0, 2), item(10, 12), item(20, 22), item(30, 32), item(40, 42)]
    found = [item(0, 2), item(10, 12, "B"), item(20, 23), item(31, 33, "B"), item(50, 52)]
    scores = schemes(match(gold, found))
    assert {name: one.f1 for name, one in scores.items()} == pytest.approx(
        {"strict": 1 / 5, "exact": 2 / 5, "partial": (2 + 0.5 * 2) / 5, "type": 2 / 5}
    )
    few = schemes(match(gold[:2], found[:1]))["strict"]
    assert (few.precision, few.recall, few.f1) == (1.0, 0.5, pytest.approx(2 / 3))
    assert schemes([])["strict"].f1 == 0


def test_what_is_taken_for_what() -> None:
    pairs = match([item(0, 2), item(3, 5), item(6, 8)], [item(0, 2), item(3, 4, "B"), item(9, 10, "B")])
    assert confusion(pairs, ["A", "B"]).tolist() == [[1, 1, 1], [0, 0, 0], [0, 1, 0]]
