from __future__ import annotations

import json
from typing import Any

import pytest

from paddle_ner.data import load
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

TEXT = "雷军在北京"


def span(start: int, end: int, label: str, text: str) -> dict[str, Any]:
    return {"type": "labels", "value": {"start": start, "end": end, "text": text, "labels": [label]}}


def choice(*names: str, control: str = "sentiment") -> dict[str, Any]:
    return {"type": "choices", "from_name": control, "to_name": "text", "value": {"choices": list(names)}}


def task(*results: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"id": 7, "data": {"text": TEXT}, "annotations": [{"result": list(results)}], **more}


def export(*tasks: dict[str, Any]) -> str:
    return json.dumps(tasks, ensure_ascii=False, indent=2)


PERSON = span(0, 2, "PER", "雷军")


def test_entities_are_read(make_file: MakeFile, read_all: ReadAll) -> None:
    relation = {"type": "relation", "from_id": "a", "to_id": "b"}
    (example,), problems = read_all(make_file("a.json", export(task(PERSON, relation, span(3, 5, "LOC", "北京")))))
    assert [(entity.text, entity.label) for entity in entities_of(example)] == [("雷军", "PER"), ("北京", "LOC")]
    assert (example.id, problems) == ("7", [])


def test_choices_are_labels(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", export(task({"type": "choices", "value": {"choices": ["正"]}})))
    assert read_all(path)[0][0].labels == ("正",)
    assert read_all(path, multi_label=False)[0][0].label == "正"


def test_the_old_key_completions_is_read(make_file: MakeFile, read_all: ReadAll) -> None:
    old = {"id": 1, "data": {"text": TEXT}, "completions": [{"result": [PERSON]}]}
    assert len(entities_of(read_all(make_file("a.json", export(old)))[0][0])) == 1


def test_another_name_of_the_text_is_found_when_it_is_the_only_one(make_file: MakeFile, read_all: ReadAll) -> None:
    assert read_all(make_file("a.json", export(task(PERSON, data={"body": TEXT, "n": 1}))))[0][0].text == TEXT
    two = make_file("b.json", export(task(PERSON, data={"body": TEXT, "title": "x"})))
    _, (problem,) = read_all(two)
    assert problem.message.startswith("no text: the keys are body, title")
    assert read_all(two, text_field="body")[0][0].text == TEXT


def test_a_cancelled_annotation_does_not_count(make_file: MakeFile, read_all: ReadAll) -> None:
    cancelled = {"was_cancelled": True, "result": [span(0, 1, "LOC", "雷")]}
    (example,), _ = read_all(make_file("a.json", export(task(annotations=[cancelled, {"result": [PERSON]}]))))
    assert [entity.label for entity in entities_of(example)] == ["PER"]


def test_a_task_that_nobody_labelled_is_bad_wherever_it_stands(make_file: MakeFile, read_all: ReadAll) -> None:
    cancelled = task(annotations=[{"result": [], "was_cancelled": True}])
    path = make_file("a.json", export(cancelled, task(PERSON), task(PERSON)))
    examples, (problem,) = read_all(path)
    assert [len(entities_of(example)) for example in examples] == [1, 1]
    assert problem.line == 2 and problem.message.startswith(f"no annotation, but {path}:14 has entities")


def test_a_task_without_results_is_one_without_entities_or_without_classes(
    make_file: MakeFile, read_all: ReadAll
) -> None:
    (first, _), problems = read_all(make_file("a.json", export(task(), task(PERSON))))
    assert first.entities == () and not problems
    (first, _), problems = read_all(make_file("b.json", export(task(), task(choice("正")))))
    assert first.labels == () and not problems


def test_annotations_that_say_the_same_are_one_and_the_ground_truth_goes_before_others(
    make_file: MakeFile, read_all: ReadAll
) -> None:
    place = span(3, 5, "LOC", "北京")
    same = task(annotations=[{"result": [PERSON, place]}, {"result": [place, PERSON]}])
    truth = task(annotations=[{"result": [place]}, {"result": [PERSON], "ground_truth": True}])
    examples, problems = read_all(make_file("a.json", export(same, truth)))
    assert [[entity.text for entity in entities_of(example)] for example in examples] == [["雷军", "北京"], ["雷军"]]
    assert not problems


def test_tasks_a_line_and_a_task_alone_are_read(make_file: MakeFile, read_all: ReadAll) -> None:
    lines = "".join(json.dumps(task(PERSON, id=number)) + "\n" for number in (1, 2))
    assert [example.id for example in read_all(make_file("a.jsonl", lines))[0]] == ["1", "2"]
    assert [example.id for example in read_all(make_file("b.json", json.dumps(task(PERSON), indent=1)))[0]] == ["7"]


def test_classes_of_two_controls_in_one_file_are_refused(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", export(task(choice("正")), task(), task(choice("快", control="speed"))))
    (first, empty), (problem,) = read_all(path)
    assert (first.labels, empty.labels) == (("正",), ())
    assert problem.message == (
        f"classes of control speed, but {path}:2 has those of sentiment: name one with --label-field"
    )
    assert [example.labels for example in read_all(path, label_field="speed")[0]] == [(), (), ("快",)]


def test_a_control_that_the_file_does_not_have_is_refused(make_file: MakeFile, read_all: ReadAll) -> None:
    _, (problem,) = read_all(make_file("a.json", export(task(choice("正")))), label_field="Sentiment")
    assert problem.message == "no result of a control 'Sentiment', expected one of sentiment (--label-field)"


def test_entities_of_two_controls_are_read_together_and_said(make_file: MakeFile) -> None:
    said: list[str] = []
    place = span(3, 5, "LOC", "北京")
    path = make_file("a.json", export(task(PERSON | {"from_name": "a"}, place | {"from_name": "b"})))
    assert len(entities_of(load(path, log=said.append)[0])) == 2
    assert said == [f"{path}: the entities of several controls are read together: a 1, b 1 (--label-field names one)"]


@pytest.mark.parametrize("key", ["predictions", "drafts"])
def test_predictions_and_drafts_are_no_annotations_and_that_is_said(make_file: MakeFile, key: str) -> None:
    said: list[str] = []
    path = make_file("a.json", export(task(annotations=[], **{key: [{"result": [PERSON]}]})))
    assert load(path, log=said.append)[0].entities is None
    assert said == [f"{path}: 1 task has no annotation, but predictions or drafts, which are not read"]


def test_the_title_of_a_dialogue_is_not_its_text(make_file: MakeFile, read_all: ReadAll) -> None:
    data = {"dialogue": [{"author": "甲", "text": "好"}], "title": "电话"}
    _, (problem,) = read_all(make_file("a.json", export(task(choice("正"), data=data))))
    assert problem.message.startswith("no text: the keys are dialogue, title")


def test_a_key_that_is_called_like_a_text_is_the_text(make_file: MakeFile, read_all: ReadAll) -> None:
    assert (
        read_all(make_file("a.json", export(task(PERSON, data={"source": "网", "content": TEXT}))))[0][0].text == TEXT
    )


@pytest.mark.parametrize("more", [{}, {"text": "雷军"}])
def test_entities_in_html_are_refused(make_file: MakeFile, read_all: ReadAll, more: dict[str, str]) -> None:
    value = {"startOffset": 0, "globalOffsets": {"start": 0, "end": 2}, "hypertextlabels": ["PER"], **more}
    html = {"html": "<p>雷军在北京</p>"}
    _, (problem,) = read_all(make_file("a.json", export(task({"type": "hypertextlabels", "value": value}, data=html))))
    assert problem.message == "entities in HTML, whose offsets count the text without its tags: expected plain text"


@pytest.mark.parametrize(
    ("text", "surface"), [("雷\n军", "雷\\n军"), ("雷\r\n军", "雷\\n军"), ("雷\r\n军", "雷\\n\\n军")]
)
def test_a_line_end_in_a_surface_is_written_with_a_backslash(
    make_file: MakeFile, read_all: ReadAll, text: str, surface: str
) -> None:
    path = make_file("a.json", export(task(span(0, len(text), "PER", surface), data={"text": text})))
    assert [entity.text for entity in entities_of(read_all(path, offsets="code-points")[0][0])] == [text]


@pytest.mark.parametrize("text", ["/data/upload/3/ab1-doc.txt", "s3://bucket/1.txt", "https://example.com/a/1.txt"])
def test_an_address_in_place_of_a_text_is_refused(make_file: MakeFile, read_all: ReadAll, text: str) -> None:
    _, (problem,) = read_all(make_file("a.json", export(task(choice("正"), data={"text": text}))))
    assert problem.message.startswith(f"\"text\" is '{text}', the address of a text")
    _, (problem,) = read_all(make_file("a.json", export(task(data={"text": text}))), texts_only=True)
    assert "the address of a text" in problem.message


def test_a_text_that_may_be_an_address_is_said(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.json", export(task(choice("正"), data={"text": "https://example.com/a/1"})))
    assert load(path, log=said.append)[0].labels == ("正",)
    assert said == [
        f'{path}: 1 text is an address and nothing else: where the labeling config says valueType="url", the export has'
        " no texts"
    ]


def test_a_text_that_holds_an_address_is_a_text(make_file: MakeFile, read_all: ReadAll) -> None:
    text = "见 https://example.com/a/1.txt"
    assert read_all(make_file("a.json", export(task(choice("正"), data={"text": text}))))[0][0].text == text


def test_a_file_whose_results_are_all_of_types_that_are_not_read_is_refused(
    make_file: MakeFile, read_all: ReadAll
) -> None:
    rating = {"type": "rating", "value": {"rating": 4}}
    _, problems = read_all(make_file("a.json", export(task(rating), task(rating, {"type": "textarea", "value": {}}))))
    assert [problem.message for problem in problems] == [
        "results of type rating, which are not read: expected labels, hypertextlabels, choices, taxonomy",
        "results of type rating, textarea, which are not read: expected labels, hypertextlabels, choices, taxonomy",
    ]


def test_what_is_left_out_of_a_file_that_is_read_is_counted(make_file: MakeFile) -> None:
    said: list[str] = []
    rating = {"type": "rating", "value": {"rating": 4}}
    path = make_file("a.json", export(task(rating), task(PERSON, rating)))
    assert [len(entities_of(example)) for example in load(path, log=said.append)] == [0, 1]
    assert said == [f"{path}: left out results that are neither entities nor classes: rating 2"]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            task(annotations=[{"result": [PERSON]}, {"result": []}]),
            "2 annotations of one task that differ, expected one",
        ),
        (task(annotations=[]), "no annotation, but "),
        (task(span(0, 9, "PER", "雷军")), "entity PER at 0..9 is outside the text"),
        (task(span(0, 2, "PER", "北京")), "entity PER at 0..2 is '雷军' in the text, but the record says '北京'"),
        (
            task({"type": "labels", "value": {"start": 0, "end": 2, "labels": ["A", "B"]}}),
            "overlapping entities A 0..2",
        ),
        (task({"type": "labels", "value": {"start": 0, "end": 2, "labels": []}}), "an entity has no label"),
        (task(PERSON, {"type": "choices", "value": {"choices": ["正"]}}), "labels and choices in one task"),
        (task(data="x"), "\"data\" is 'x', expected the object of a task's data"),
        (task(annotations={}), '"annotations" is {}, expected an array of objects'),
        (task(annotations=[{}]), '"result" is None, expected an array of objects'),
    ],
)
def test_a_bad_task_is_told_with_the_line_that_it_begins_on(
    make_file: MakeFile, read_all: ReadAll, bad: dict[str, Any], message: str
) -> None:
    content = export(task(PERSON), bad)
    line = content.split("\n").index("  {", 2) + 1
    examples, (problem,) = read_all(make_file("a.json", content))
    assert len(examples) == 1
    assert problem.line == line and problem.message.startswith(message)
