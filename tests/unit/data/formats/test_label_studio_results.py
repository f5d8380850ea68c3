from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from paddle_ner.data import ReadOptions, load
from paddle_ner.types import Example
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

ReadTask = Callable[..., tuple[Example, list[str]]]
Told = Callable[..., str]
TEXT = "韩梅在苏州"


def result(kind: str, value: object, control: str = "label", target: str = "text") -> dict[str, Any]:
    return {"from_name": control, "to_name": target, "type": kind, "value": value}


PERSON = result("labels", {"start": 0, "end": 2, "text": "韩梅", "labels": ["PER"]})


@pytest.fixture
def read_task(make_file: MakeFile) -> ReadTask:
    """The one example of a task with these results, and what was said of the file."""

    def read(*results: dict[str, Any], data: dict[str, str] | None = None, **options: Any) -> tuple[Example, list[str]]:
        said: list[str] = []
        task = {"id": 1, "data": data or {"text": TEXT}, "annotations": [{"result": results}]}
        path = make_file("a.json", json.dumps([task], ensure_ascii=False))
        (example,) = load(path, options=ReadOptions(**options), log=said.append)
        return example, [line.removeprefix(f"{path}: ") for line in said]

    return read


@pytest.fixture
def told(make_file: MakeFile, read_all: ReadAll) -> Told:
    """What is wrong with a task with these results."""

    def told(*results: dict[str, Any], data: dict[str, str] | None = None, **options: Any) -> str:
        task = {"id": 1, "data": data or {"text": TEXT}, "annotations": [{"result": results}]}
        _, (problem,) = read_all(make_file("a.json", json.dumps([task], ensure_ascii=False)), **options)
        return problem.message

    return told


def test_the_paths_of_a_taxonomy_are_classes(read_task: ReadTask) -> None:
    taxonomy = {"taxonomy": [["家电", "手机"], ["投诉"]]}
    assert read_task(result("taxonomy", taxonomy))[0].labels == ("家电/手机", "投诉")


def test_a_choice_about_an_entity_is_no_class(read_task: ReadTask) -> None:
    sure = result("choices", {"start": 0, "end": 2, "text": "韩梅", "choices": ["确定"]}, "sure")
    example, said = read_task(PERSON, sure)
    assert [entity.text for entity in entities_of(example)] == ["韩梅"]
    assert said == ["left out 1 choice about an entity, not about the text"]


def test_results_about_another_text_are_left_out(read_task: ReadTask) -> None:
    title = result("labels", {"start": 0, "end": 2, "labels": ["PER"]}, target="title")
    body = result("labels", {"start": 2, "end": 4, "labels": ["LOC"]}, target="body")
    data = {"title": "韩梅获奖", "body": "昨天苏州下雨"}
    example, said = read_task(title, body, data=data, text_field="body")
    assert [(entity.text, entity.label) for entity in entities_of(example)] == [("苏州", "LOC")]
    assert said == ["left out 1 result about another text of the task"]
    example, said = read_task(title, data=data, text_field="body")
    assert example.entities == () and said == ["left out 1 result about another text of the task"]


def test_a_target_that_is_no_text_of_the_task_is_the_text(read_task: ReadTask) -> None:
    other = PERSON | {"to_name": "txt"}
    assert [entity.text for entity in entities_of(read_task(other)[0])] == ["韩梅"]


def test_two_targets_that_are_no_text_of_the_task_are_refused(told: Told) -> None:
    message = told(PERSON | {"to_name": "one"}, PERSON | {"to_name": "two"})
    assert message == "results of 2 texts (one, two) in one task, and none is called 'text'"


def test_classes_of_two_controls_are_refused_and_one_is_read_when_named(told: Told, read_task: ReadTask) -> None:
    feeling, topic = (result("choices", {"choices": [name]}, name) for name in ("好评", "物流"))
    assert told(feeling, topic) == "classes of 2 controls (好评, 物流), expected one: name it with --label-field"
    example, said = read_task(feeling, topic, label_field="物流")
    assert example.labels == ("物流",)
    assert said == ["left out results that are neither entities nor classes: choices of 好评 1"]


def test_a_range_with_two_labels_is_two_entities(read_task: ReadTask) -> None:
    both = result("labels", {"start": 0, "end": 2, "labels": ["PER", "ORG"]})
    assert [entity.label for entity in entities_of(read_task(both, overlaps="allow")[0])] == ["PER", "ORG"]


def test_places_in_html_are_read_from_the_text_it_shows(read_task: ReadTask) -> None:
    value = {"start": "/p[1]/text()[1]", "end": "/p[1]/text()[1]", "globalOffsets": {"start": 3, "end": 5}}
    example, _ = read_task(result("hypertextlabels", value | {"text": "苏州", "hypertextlabels": ["LOC"]}))
    assert [entity.text for entity in entities_of(example)] == ["苏州"]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (PERSON | {"to_name": ["text"]}, "\"to_name\" of a result is ['text'], expected a name"),
        (result("labels", "x"), "\"value\" of a result is 'x', expected an object"),
        (result("labels", {"start": 0, "end": 2, "labels": []}), "an entity has no label, expected one"),
        (result("taxonomy", {"taxonomy": ["家电"]}), "\"taxonomy\" is ['家电'], expected an array of paths"),
        (result("labels", {"start": 0, "end": 2, "labels": ["A"], "text": 5}), '"text" of an entity is 5'),
    ],
)
def test_a_bad_result_is_told(told: Told, bad: dict[str, Any], message: str) -> None:
    assert told(PERSON, bad).startswith(message)
