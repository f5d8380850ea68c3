from __future__ import annotations

import pytest

from paddle_ner.data.inspection.surfaces import inconsistencies
from paddle_ner.types import Entity, Example


def example(text: str, *spans: tuple[int, int, str], line: int = 1) -> Example:
    return Example(text, tuple(Entity.of(text, *span) for span in spans), origin=f"a:{line}")


def test_the_rarer_label_of_a_string_is_shown_with_the_usual_one() -> None:
    usual = [example(f"他在北京{n}", (2, 4, "LOC"), line=n) for n in range(9)]
    odd = example("在北京大学", (1, 3, "ORG"), line=10)
    (found,) = inconsistencies([*usual, odd])
    assert (found.check, found.count) == ("several-labels", 1)
    assert "1 of 10 entities have another than the usual one" in found.message
    assert [str(place) for place in found.places] == ["a:10: 在[ORG 北京]大学  9 times LOC"]


def test_strings_whose_other_label_is_rarest_come_first() -> None:
    even = [example("苹果", (0, 2, label)) for label in ("ORG", "FOOD")]
    odd = [example("北京", (0, 2, "LOC")) for _ in range(9)] + [example("北京", (0, 2, "PER"))]
    (found,) = inconsistencies([*even, *odd])
    assert [place.shown for place in found.places] == ["[PER 北京]  9 times LOC", "[FOOD 苹果]  1 times ORG"]


def test_a_string_that_is_labelled_in_nine_of_ten_places_is_missed_in_the_tenth() -> None:
    labelled = [example("在北京", (1, 3, "LOC")) for _ in range(9)]
    (found,) = inconsistencies([*labelled, example("住在北京市", line=12)])
    assert (found.check, found.count) == ("missing-entity", 1)
    assert [str(place) for place in found.places] == ["a:12: 住在[北京]市  9 times LOC"]


@pytest.mark.parametrize(
    "other",
    [
        example("在北京大学", (1, 5, "ORG")),  # inside another entity
        Example("在北京", label="新闻"),  # no entities are labelled there
        example("在北平"),
    ],
)
def test_what_is_no_missed_entity(other: Example) -> None:
    assert list(inconsistencies([*[example("在北京", (1, 3, "LOC")) for _ in range(9)], other])) == []


def test_a_string_that_is_often_unlabelled_is_no_error() -> None:
    labelled = [example("在北京", (1, 3, "LOC")) for _ in range(8)]
    assert list(inconsistencies([*labelled, example("北京"), example("北京")])) == []


def test_a_part_of_a_latin_word_is_not_the_string() -> None:
    labelled = [example("看NBA", (1, 4, "GAME")) for _ in range(9)]
    assert list(inconsistencies([*labelled, example("看WNBA")])) == []
