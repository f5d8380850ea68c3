from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.tasks.terms import Mode, Terms
from paddle_ner.types import Entity, Prediction


def found(terms: Terms, text: str) -> list[tuple[int, str, str]]:
    return [(entity.start, entity.text, entity.label) for entity in terms.find(text)]


def test_the_longest_term_wins_then_the_first() -> None:
    terms = Terms({"北京": "LOC", "北京大学": "ORG", "大学城": "LOC", "学": "X", "城里": "X"})
    assert found(terms, "在北京大学城里学") == [(1, "北京大学", "ORG"), (5, "城里", "X"), (7, "学", "X")]
    assert found(terms, "北京北") == [(0, "北京", "LOC")]
    # 大学城 loses to nothing longer here, and 北京 before it is free.
    assert found(Terms({"北京大": "A", "北京": "B", "大学城里": "C"}), "北京大学城里") == [
        (0, "北京", "B"),
        (2, "大学城里", "C"),
    ]


def test_a_slice_at_the_end_of_a_text_is_no_longer_term() -> None:
    terms = Terms({"北京": "LOC", "北京大学": "ORG", "北": "X"})
    assert found(terms, "去北京大") == [(1, "北京", "LOC")]
    assert found(terms, "去北") == [(1, "北", "X")]
    assert found(terms, "") == []


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("AI", [0]),
        ("PAID, AI.", [6]),
        ("用AI写", [1]),
        ("AI2 AI_x xAI 5AI", []),
        ("AI\u0301", []),  # an accent belongs to the letter before it
        ("ไทยAIไทย", [3]),
        ("ai", []),
    ],
)
def test_a_latin_term_is_found_at_the_borders_of_words_only(text: str, starts: list[int]) -> None:
    assert [entity.start for entity in Terms({"AI": "X"}).find(text)] == starts


def test_only_the_side_that_is_a_letter_needs_a_border() -> None:
    terms = Terms({"C++": "LANG", "型号A": "MODEL"})
    assert found(terms, "C++11和新型号A，型号AB") == [(0, "C++", "LANG"), (7, "型号A", "MODEL")]


def test_expressions_are_found_and_a_term_of_the_same_place_wins() -> None:
    terms = Terms({"A-1": "TERM"}, [(re.compile(r"[A-Z]-\d+"), "CODE"), (re.compile(r"(?=A)|B*"), "NONE")])
    assert len(terms) == 3
    assert found(terms, "A-1，A-12") == [(0, "A-1", "TERM"), (4, "A-12", "CODE")]


TEXT = "王小明在北京大学"
MODEL = (Entity.of(TEXT, 0, 3, "PER", 0.9), Entity.of(TEXT, 4, 6, "LOC", 0.4))


def merged(mode: Mode, types: dict[str, str], *, overlapping: bool = False) -> list[tuple[str, str, str | None]]:
    terms = Terms(types, mode=mode, overlapping=overlapping)
    answer = terms.merge(Prediction(TEXT, MODEL, id=7))
    assert answer.id == 7
    return [(entity.text, entity.label, entity.source) for entity in answer.entities or ()]


PERSON, PLACE, SCHOOL = ("王小明", "PER", None), ("北京", "LOC", None), ("北京大学", "ORG", "terms")


def test_before_a_term_takes_the_place_of_what_it_overlaps() -> None:
    assert merged("before", {"北京大学": "ORG"}) == [PERSON, SCHOOL]
    assert merged("before", {"北京": "LOC"}) == [PERSON, ("北京", "LOC", "terms")]
    assert merged("before", {"上海": "LOC"}) == [PERSON, PLACE]


def test_after_a_term_fills_what_the_model_left() -> None:
    assert merged("after", {"北京大学": "ORG", "大学": "ORG"}) == [PERSON, PLACE]
    assert merged("after", {"大学": "ORG", "北京": "LOC"}) == [PERSON, PLACE, ("大学", "ORG", "terms")]


def test_entities_that_may_overlap_are_all_given_each_once() -> None:
    types = {"北京大学": "ORG", "王小明": "PER"}
    assert merged("after", types, overlapping=True) == [PERSON, PLACE, SCHOOL]
    assert merged("before", types, overlapping=True) == [("王小明", "PER", "terms"), PLACE, SCHOOL]


def test_the_source_is_in_the_json_of_terms_only() -> None:
    (place,) = Terms({"北京": "LOC"}).find("在北京")
    assert place.to_dict() == {"start": 1, "end": 3, "label": "LOC", "text": "北京", "source": "terms"}
    assert "source" not in MODEL[0].to_dict()


CHARACTERS = st.text(alphabet="ab C北京大\u0301😀", max_size=30)


@given(
    text=CHARACTERS,
    words=st.lists(st.text(alphabet="ab C北京大\u0301😀", min_size=1, max_size=4), max_size=12),
    cuts=st.lists(st.integers(0, 30), max_size=8),
    mode=st.sampled_from(["before", "after"]),
)
def test_offsets_are_exact_and_flat_entities_never_overlap(
    text: str, words: list[str], cuts: list[int], mode: Mode
) -> None:
    terms = Terms(dict.fromkeys(words, "T"), [(re.compile("大+|C "), "R")], mode)
    places = list(pairwise(sorted({min(cut, len(text)) for cut in cuts})))[::2]
    model = tuple(Entity.of(text, *place, "M", 0.5) for place in places)
    entities = terms.merge(Prediction(text, model)).entities or ()
    assert all(text[entity.start : entity.end] == entity.text for entity in entities)
    assert all(before.end <= after.start for before, after in pairwise(entities))
    winners = set(model) if mode == "after" else set(terms.find(text))
    assert winners <= set(entities)
    # Each place of a term that is a whole word is covered by an entity, whoever found it.
    for word in words:
        for match in re.finditer(f"(?={re.escape(word)})", text):
            place = match.start(), match.start() + len(word)
            if word[0] in "北京大😀" and word[-1] in "北京大😀":
                assert any(entity.start < place[1] and place[0] < entity.end for entity in entities)
