from __future__ import annotations

import json
from typing import Any

import pytest

from paddle_ner.data import detect, load
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

TEXT = "韩梅在苏州"
REGION = {"start": 0, "end": 2, "text": "韩梅", "labels": ["PER"]}


def task(text: str = TEXT, *, before: dict[str, object] | None = None, **answers: object) -> dict[str, Any]:
    about = {"annotator": 1, "annotation_id": 5, "created_at": "2026", "updated_at": "2026", "lead_time": 3.5}
    return {"text": text, **(before or {}), "id": 7, **answers, **about}


def export(*tasks: dict[str, Any]) -> str:
    return json.dumps(tasks, ensure_ascii=False, indent=1)


def test_entities_are_read(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", export(task(), task(ner=[REGION])))
    assert detect(path).name == "label-studio-min"
    (first, second), problems = read_all(path)
    assert first.entities == () and not problems
    assert [(entity.text, entity.label) for entity in entities_of(second)] == [("韩梅", "PER")]
    assert second.id == "7"


@pytest.mark.parametrize(
    ("answer", "labels"),
    [
        ("好评", ("好评",)),
        ({"choices": ["好评", "物流"]}, ("好评", "物流")),
        ({"taxonomy": [["家电", "手机"]]}, ("家电/手机",)),
        ([["家电", "手机"], ["投诉"]], ("家电/手机", "投诉")),
        ([{"choices": ["好评"]}, {"choices": ["物流"]}], ("好评", "物流")),
    ],
)
def test_classes_are_read(make_file: MakeFile, read_all: ReadAll, answer: object, labels: tuple[str, ...]) -> None:
    assert read_all(make_file("a.json", export(task(art=answer))))[0][0].labels == labels


def test_what_stands_before_the_id_is_no_answer(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", export(task(before={"source": "微博"}, art="好评")))
    (example,), problems = read_all(path)
    assert example.labels == ("好评",) and not problems


def test_one_of_several_answers_is_read_when_named(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", export(task(ner=[REGION], art="好评")))
    _, (problem,) = read_all(path)
    assert problem.message == "entities, and classes of art, of one text: name one with --label-field"
    assert read_all(path, label_field="art")[0][0].labels == ("好评",)
    assert len(entities_of(read_all(path, label_field="ner")[0][0])) == 1
    two = make_file("b.json", export(task(art="好评", topic="物流")))
    _, (problem,) = read_all(two)
    assert problem.message == "answers to art, topic, expected classes of one: name it with --label-field"


def test_an_answer_that_is_no_class_is_counted(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.json", export(task(ner=[REGION], stars=4), task(stars=5)))
    assert [len(entities_of(example)) for example in load(path, log=said.append)] == [1, 0]
    assert said == [f"{path}: left out 2 answers to 'stars', neither entities nor classes"]


def test_without_the_order_of_keys_a_class_must_be_named(make_file: MakeFile, read_all: ReadAll) -> None:
    flat = {key: value for key, value in task(art="好评").items() if key != "id"}
    path = make_file("a.json", export(flat))
    _, (problem,) = read_all(path)
    assert problem.message == "which key holds the label? The keys are text, art: name it with --label-field"
    assert read_all(path, label_field="art")[0][0].labels == ("好评",)


def test_an_address_in_place_of_a_text_is_refused(make_file: MakeFile, read_all: ReadAll) -> None:
    _, (problem,) = read_all(make_file("a.json", export(task("/data/upload/1/a.txt", art="好评"))))
    assert "the address of a text" in problem.message


def test_texts_alone_need_no_answer(make_file: MakeFile, read_all: ReadAll) -> None:
    flat = {key: value for key, value in task(art="好评").items() if key != "id"}
    examples, problems = read_all(make_file("a.json", export(flat)), texts_only=True)
    assert [example.text for example in examples] == [TEXT] and not problems


def test_records_whose_own_id_stands_before_their_text_are_read_by_what_they_hold(
    make_file: MakeFile, read_all: ReadAll
) -> None:
    """Data with an `id` keep its place, so that what follows it is not the answers alone."""

    def record(**answers: object) -> dict[str, Any]:
        return {"id": 7, "text": TEXT, **answers, "annotator": 1, "annotation_id": 5, "lead_time": 3.5}

    path = make_file("a.json", export(record(ner=[REGION])))
    assert [entity.text for entity in entities_of(read_all(path)[0][0])] == ["韩梅"]
    assert read_all(make_file("b.json", export(record(art={"choices": ["好评"]}))))[0][0].labels == ("好评",)
    _, (problem,) = read_all(path := make_file("c.json", export(record(art="好评"))))
    assert problem.message == "which key holds the label? The keys are text, art: name it with --label-field"
    assert read_all(path, label_field="art")[0][0].labels == ("好评",)


def test_a_range_without_label_is_not_left_out_with_the_others(make_file: MakeFile, read_all: ReadAll) -> None:
    _, (problem,) = read_all(make_file("a.json", export(task(ner=[REGION, {"start": 3, "end": 5}]))))
    assert problem.message == '"labels" is None, expected an array of label names'
    _, (problem,) = read_all(make_file("b.json", export(task(ner=[REGION, 5]))))
    assert problem.message == "an entity is 5, expected an object"


def test_classes_of_two_questions_in_one_file_are_refused(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", export(task(art="好评"), task(topic="物流")))
    _, (problem,) = read_all(path)
    assert problem.message == f"classes of topic, but {path}:2 has those of art: name one with --label-field"


def test_records_a_line_are_read(make_file: MakeFile, read_all: ReadAll) -> None:
    lines = "".join(json.dumps(task(art=name)) + "\n" for name in ("好评", "差评"))
    assert [example.labels for example in read_all(make_file("a.jsonl", lines))[0]] == [("好评",), ("差评",)]


def test_a_file_with_answers_of_other_kinds_alone_is_refused(make_file: MakeFile, read_all: ReadAll) -> None:
    _, problems = read_all(make_file("a.json", export(task(stars=4), task(stars=5))))
    assert [problem.message for problem in problems] == ["answers to stars, which are neither entities nor classes"] * 2
