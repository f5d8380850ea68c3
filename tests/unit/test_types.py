"""The JSON form of an example and of a prediction, and entities that lie in their text."""

from __future__ import annotations

import json

import pytest

from paddle_ner.types import Entity, Example, Prediction, hidden_character


def test_an_entity_has_the_text_of_its_span() -> None:
    assert Entity.of("王芳在北京", 3, 5, "LOC") == Entity(3, 5, "LOC", "北京")
    assert Entity.of("😀北京", 1, 3, "LOC", 0.5).text == "北京"


@pytest.mark.parametrize(("start", "end"), [(-1, 1), (1, 1), (2, 1), (0, 3)])
def test_an_entity_that_is_empty_or_leaves_its_text_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match=rf"entity LOC at {start}\.\.{end} is outside the text of 2 characters"):
        Entity.of("北京", start, end, "LOC")


def test_a_record_has_what_the_task_needs_and_nothing_else() -> None:
    entities = (Entity.of("在北京", 1, 3, "LOC"),)
    assert Example("在北京", entities, id=7).to_dict() == {
        "id": 7,
        "text": "在北京",
        "entities": [{"start": 1, "end": 3, "label": "LOC"}],
    }
    assert Example("好", entities=()).to_dict() == {"text": "好", "entities": []}
    assert Example("好", label="正", origin="a:1", fields={"url": "x"}).to_dict() == {"text": "好", "label": "正"}
    assert Example("好", labels=("正", "短")).to_dict() == {"text": "好", "labels": ["正", "短"]}


def test_a_prediction_has_scores_of_four_places() -> None:
    found = Entity(1, 3, "LOC", "北京", 0.98765), Entity(0, 1, "X", "在", source="terms")
    assert Prediction("在北京", found).to_dict()["entities"] == [
        {"start": 1, "end": 3, "label": "LOC", "text": "北京", "score": 0.9877},
        {"start": 0, "end": 1, "label": "X", "text": "在", "source": "terms"},
    ]
    assert Prediction("好", label="正", scores={"正": 0.66666, "负": 0.33334}).to_dict() == {
        "text": "好",
        "label": "正",
        "scores": {"正": 0.6667, "负": 0.3333},
    }


def test_a_line_is_of_characters_that_utf8_has() -> None:
    assert Prediction("好", labels=()).to_json() == '{"text": "好", "labels": []}'
    line = Prediction("好\ud83d", labels=()).to_json()
    assert line.isascii() and json.loads(line)["text"] == "好\ud83d"


@pytest.mark.parametrize(
    ("label", "hidden"), [("PER", None), ("a b", None), ("a\u200bb", "\u200b"), ("a\tb", "\t"), ("a\u3000b", "\u3000")]
)
def test_a_character_that_cannot_be_seen_in_a_label_is_found(label: str, hidden: str | None) -> None:
    assert hidden_character(label) == hidden
