from __future__ import annotations

import json

import pytest

TEXT = "雷军在北京"


def span(start, end, label, text):
    return {"type": "labels", "value": {"start": start, "end": end, "text": text, "labels": [label]}}


def task(*results, **more):
    return {"id": 7, "data": {"text": TEXT}, "annotations": [{"result": list(results)}], **more}


def export(*tasks):
    return json.dumps(tasks, ensure_ascii=False, indent=2)


PERSON = span(0, 2, "PER", "雷军")


def test_entities_are_read(make_file, read_all):
    relation = {"type": "relation", "from_id": "a", "to_id": "b"}
    (example,), problems = read_all(make_file("a.json", export(task(PERSON, relation, span(3, 5, "LOC", "北京")))))
    assert [(entity.text, entity.label) for entity in example.entities] == [("雷军", "PER"), ("北京", "LOC")]
    assert (example.id, problems) == ("7", [])


def test_choices_are_labels(make_file, read_all):
    path = make_file("a.json", export(task({"type": "choices", "value": {"choices": ["正"]}})))
    assert read_all(path)[0][0].labels == ("正",)
    assert read_all(path, multi_label=False)[0][0].label == "正"


def test_the_old_key_completions_is_read(make_file, read_all):
    old = {"id": 1, "data": {"text": TEXT}, "completions": [{"result": [PERSON]}]}
    assert len(read_all(make_file("a.json", export(old)))[0][0].entities) == 1


def test_another_name_of_the_text_is_found_when_it_is_the_only_one(make_file, read_all):
    assert read_all(make_file("a.json", export(task(PERSON, data={"body": TEXT, "n": 1}))))[0][0].text == TEXT
    two = make_file("b.json", export(task(PERSON, data={"body": TEXT, "title": "x"})))
    _, (problem,) = read_all(two)
    assert problem.message.startswith("no text: the keys are body, title")
    assert read_all(two, text_field="body")[0][0].text == TEXT


def test_a_cancelled_annotation_does_not_count(make_file, read_all):
    cancelled = {"was_cancelled": True, "result": [span(0, 1, "LOC", "雷")]}
    (example,), _ = read_all(make_file("a.json", export(task(annotations=[cancelled, {"result": [PERSON]}]))))
    assert [entity.label for entity in example.entities] == ["PER"]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (task(annotations=[{"result": []}, {"result": []}]), "2 annotations of one task, expected one"),
        (task(annotations=[]), "no annotation, but "),
        (task(span(0, 9, "PER", "雷军")), "entity PER at 0..9 is outside the text"),
        (task(span(0, 2, "PER", "北京")), "entity PER at 0..2 is '雷军' in the text, but the record says '北京'"),
        (task({"type": "labels", "value": {"start": 0, "end": 2, "labels": ["A", "B"]}}), "an entity has 2 labels"),
        (task(PERSON, {"type": "choices", "value": {"choices": ["正"]}}), "labels and choices in one task"),
        (task(data="x"), "\"data\" is 'x', expected the object of a task's data"),
        (task(annotations={}), '"annotations" is {}, expected an array of objects'),
        (task(annotations=[{}]), '"result" is None, expected an array of objects'),
    ],
)
def test_a_bad_task_is_told_with_the_line_that_it_begins_on(make_file, read_all, bad, message):
    content = export(task(PERSON), bad)
    line = content.split("\n").index("  {", 2) + 1
    examples, (problem,) = read_all(make_file("a.json", content))
    assert len(examples) == 1
    assert problem.line == line and problem.message.startswith(message)
