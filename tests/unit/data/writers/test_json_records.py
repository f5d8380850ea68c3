from __future__ import annotations

import json

from tests.unit.data.writers.conftest import Found, Write


def test_other_fields_and_the_kind_of_an_id_stay_as_they_are(write: Write, found: Found) -> None:
    record = found("北京", (0, 2, "LOC", 0.5), id=7, fields={"meta": {"a": [1]}, "url": None})
    assert json.loads(write("jsonl", record)) == {
        "id": 7,
        "text": "北京",
        "entities": [{"start": 0, "end": 2, "label": "LOC", "text": "北京", "score": 0.5}],
        "meta": {"a": [1]},
        "url": None,
    }


def test_a_field_does_not_take_the_place_of_the_answer(write: Write, found: Found) -> None:
    record = found("好", label="好", scores={"好": 1.0}, fields={"label": "old", "scores": 0})
    assert json.loads(write("jsonl", record)) == {"text": "好", "label": "好", "scores": {"好": 1.0}}


def test_no_record_is_an_empty_array(write: Write, found: Found) -> None:
    assert json.loads(write("json-array")) == []
    assert len(json.loads(write("json-array", found("好"), found("不好")))) == 2
