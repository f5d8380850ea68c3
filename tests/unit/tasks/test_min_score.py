from __future__ import annotations

from typing import Any

import pytest

from paddle_ner.errors import InputError
from paddle_ner.tasks.decoding import create
from paddle_ner.tasks.min_score import by_type, faults, keep, parse
from paddle_ner.types import Entity, Prediction

NER = create("ner", ["LOC", "PER"])
SPANS = create("ner", ["LOC", "PER"], overlapping=True)


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("0.5", {"*": 0.5}),
        ("PER=0.6,LOC=0.4", {"PER": 0.6, "LOC": 0.4}),
        ("0.5, LOC = 0.4", {"*": 0.5, "LOC": 0.4}),
        ("LOC=1,0", {"LOC": 1.0, "*": 0.0}),
        ("a=b=0.5", {"a=b": 0.5}),
    ],
)
def test_a_text_names_types_and_a_number_for_the_others(text: str, scores: dict[str, float]) -> None:
    assert parse(text) == scores


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'', expected a number from 0 to 1 or TYPE=NUMBER, such as 0.5,LOC=0.4"),
        ("high", "'high', expected"),
        ("LOC", "'LOC', expected"),
        ("LOC=", "'LOC=', expected"),
        ("=0.5", "'=0.5', expected"),
        ("1.5", "'1.5', expected"),
        ("LOC=nan", "'LOC=nan', expected"),
        ("0.5,", "'', expected"),
        ("0.5,0.6", "'0.5,0.6': two numbers are for all types, expected one"),
        ("LOC=0.5,LOC=0.6", "LOC is there twice"),
    ],
)
def test_a_text_that_is_no_score_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as refused:
        parse(text)
    assert message in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("decoding", [NER, SPANS])
def test_numbers_and_numbers_by_type_are_taken_for_entities(decoding: Any) -> None:
    assert by_type(None, decoding) is None
    assert by_type(0, decoding) == {"*": 0.0}
    assert by_type({"LOC": 0.4, "*": 1}, decoding) == {"LOC": 0.4, "*": 1.0}


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (1.01, ("", "expected a number from 0 to 1, or such numbers by entity type")),
        (float("nan"), ("", "expected a number from 0 to 1, or such numbers by entity type")),
        (True, ("", "expected a number from 0 to 1, or such numbers by entity type")),
        ("0.5", ("", "expected a number from 0 to 1, or such numbers by entity type")),
        ({"LOC": "high"}, ("LOC", "expected a number from 0 to 1")),
        ({"*": -1}, ("*", "expected a number from 0 to 1")),
        ({"GPE": 0.5}, ("GPE", "there is no such entity type, expected one of LOC, PER")),
    ],
)
def test_what_is_wrong_with_a_value_is_said_of_its_type(value: object, fault: tuple[str, str]) -> None:
    assert list(faults(value, NER)) == [fault]


@pytest.mark.parametrize(
    ("decoding", "message"),
    [
        (create("classification", ["a", "b"]), "min_score: it is for entities; this model gives one class"),
        (
            create("multi-label", ["a", "b"], threshold=0.3),
            "min_score: it is for entities; this model gives the classes that reach its threshold of 0.3",
        ),
    ],
)
def test_a_model_of_classes_has_no_min_score(decoding: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        by_type(0.5, decoding)


def test_entities_below_the_score_of_their_type_are_left_out() -> None:
    text = "王小明在北京大学"
    places = (Entity.of(text, 4, 6, "LOC", 0.4), Entity.of(text, 4, 8, "LOC", 0.39), Entity.of(text, 4, 8, "ORG", 0.5))
    prediction = Prediction(text, entities=(Entity.of(text, 0, 3, "PER", 0.002), *places), id=7)
    assert keep(prediction, {}) == prediction
    assert keep(prediction, {"LOC": 0.4}) == Prediction(text, (prediction.entities or ())[:2] + places[2:], id=7)
    assert keep(prediction, {"LOC": 0.4, "*": 0.5}).entities == (places[0], places[2])
    assert keep(prediction, {"*": 0.6}).entities == ()


def test_classes_stay_as_they_are() -> None:
    prediction = Prediction("好", label="a", scores={"a": 0.6, "b": 0.4})
    assert keep(prediction, {"*": 0.9}) is prediction
