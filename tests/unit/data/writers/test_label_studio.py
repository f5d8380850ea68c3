from __future__ import annotations

import json

from paddle_ner.data import Record
from paddle_ner.types import Entity, Example, Prediction
from tests.unit.data.writers.conftest import Found, Write


def test_what_a_model_says_is_a_prediction_of_a_task(write: Write, found: Found) -> None:
    record = found("😀王芳", (1, 3, "PER", 0.9), id=5, fields={"source": "x"})
    (task,) = json.loads(write("label-studio", record))
    assert (task["id"], task["data"]) == (5, {"text": "😀王芳", "source": "x"})
    (prediction,) = task["predictions"]
    assert (prediction["model_version"], prediction["score"]) == ("ner 1234", 0.9)
    (result,) = prediction["result"]
    assert (result["type"], result["from_name"], result["to_name"]) == ("labels", "label", "text")
    assert result["value"] == {"start": 2, "end": 4, "text": "王芳", "labels": ["PER"]}


def test_entities_without_a_score_are_sure(write: Write) -> None:
    place = Entity(0, 2, "LOC", "北京", source="terms")
    (task,) = json.loads(write("label-studio", Record(Prediction("北京", (place,)), "a:1")))
    (prediction,) = task["predictions"]
    assert prediction["score"] == 1.0 and "score" not in prediction["result"][0]


def test_classes_are_choices(write: Write, found: Found) -> None:
    (task,) = json.loads(write("label-studio", found("好", label="好", scores={"好": 0.7, "差": 0.3})))
    (result,) = task["predictions"][0]["result"]
    assert (result["type"], result["value"], result["score"]) == ("choices", {"choices": ["好"]}, 0.7)


def test_a_task_keeps_its_data(write: Write, found: Found) -> None:
    fields = {"data": {"review": "王芳", "url": "x"}, "meta": {"a": 1}}
    (task,) = json.loads(write("label-studio", found("王芳", (0, 2, "PER", 0.9), fields=fields)))
    assert (task["data"], task["meta"]) == ({"review": "王芳", "url": "x"}, {"a": 1})


def test_what_people_labelled_is_an_annotation(write: Write) -> None:
    (task,) = json.loads(write("label-studio", Example("北京", (Entity(0, 2, "LOC", "北京"),))))
    assert "predictions" not in task and len(task["annotations"][0]["result"]) == 1
