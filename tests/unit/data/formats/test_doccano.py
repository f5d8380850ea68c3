from __future__ import annotations

import json
from typing import Any

import pytest

from paddle_ner.data import ReadOptions, load
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

TEXT = "雷军在北京"
ENTITIES = [(0, 2, "PER"), (3, 5, "LOC")]


def line(**record: object) -> str:
    return json.dumps({"text": TEXT, **record}, ensure_ascii=False) + "\n"


NEW = [
    {"id": n, "label": label, "start_offset": start, "end_offset": end}
    for n, (start, end, label) in enumerate(ENTITIES)
]


@pytest.mark.parametrize(
    "record",
    [
        {"labels": ENTITIES},
        {"id": 3, "label": ENTITIES, "Comments": []},
        {"id": 3, "entities": NEW, "relations": [{"id": 1, "from_id": 0, "to_id": 1, "type": "at"}]},
        {"annotations": NEW},
    ],
)
def test_old_and_new_entities_are_read(make_file: MakeFile, read_all: ReadAll, record: dict[str, Any]) -> None:
    (example,), problems = read_all(make_file("a.jsonl", line(**record)))
    assert [(entity.start, entity.end, entity.label) for entity in entities_of(example)] == ENTITIES and not problems


def test_a_record_without_entities_is_annotated(make_file: MakeFile, read_all: ReadAll) -> None:
    first, second = read_all(make_file("a.jsonl", line(label=[]) + line(label=ENTITIES)))[0]
    assert first.entities == () and len(entities_of(second)) == 2


def test_classes_are_labels_and_one_label_when_asked(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.jsonl", line(label=["正"]) + line(label=["负"]))
    assert [example.labels for example in read_all(path)[0]] == [("正",), ("负",)]
    assert [example.label for example in read_all(path, multi_label=False)[0]] == ["正", "负"]


def test_a_record_without_classes_among_classes_has_no_label(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, problems = read_all(make_file("a.jsonl", line(label=["正"]) + line(label=[])))
    assert [example.labels for example in examples] == [("正",), ()] and not problems


def test_no_class_before_the_first_class_is_no_class(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, problems = read_all(make_file("a.jsonl", line(label=[]) + line(label=["正"]) + line(label=["负", "短"])))
    assert [example.labels for example in examples] == [(), ("正",), ("负", "短")] and not problems


def test_empty_arrays_alone_are_texts_without_entities(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, problems = read_all(make_file("a.jsonl", line(label=[]) + line(label=[])))
    assert [example.entities for example in examples] == [(), ()] and not problems


def test_classes_beside_no_entities_are_read_and_beside_entities_refused(
    make_file: MakeFile, read_all: ReadAll
) -> None:
    both = line(entities=NEW, relations=[], label=["正"])
    path = make_file("a.jsonl", line(entities=[], relations=[], label=["正"]) + both)
    (example,), (problem,) = read_all(path)
    assert example.labels == ("正",)
    assert problem.message == (
        "entities and label in one record, expected one kind of annotation (--label-field names it)"
    )
    examples, problems = read_all(path, label_field="entities")
    assert [len(entities_of(example)) for example in examples] == [0, 2] and not problems


def test_entities_as_triples_are_read_and_the_intents_beside_them_counted(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.jsonl", line(entities=ENTITIES, cats=["订票"]) + line(entities=[], cats=["问候"]))
    assert [len(entities_of(example)) for example in load(path, log=said.append)] == [2, 0]
    assert said == [
        f"{path}: entities are read, not the cats that 2 records also have (--label-field cats reads those)"
    ]
    options = ReadOptions(label_field="cats")
    assert [example.labels for example in load(path, options=options)] == [("订票",), ("问候",)]


def test_an_entity_of_two_annotators_is_one(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.jsonl", line(label=[*ENTITIES, ENTITIES[0]]))
    assert [[entity.text for entity in entities_of(example)] for example in load(path, log=said.append)] == [
        ["雷军", "北京"]
    ]
    assert said == [f"{path}: 1 entity stands twice in a record, with the same range and label: read once"]


def test_two_labels_where_one_is_asked_for_are_told(make_file: MakeFile, read_all: ReadAll) -> None:
    _, (problem,) = read_all(make_file("a.jsonl", line(label=["正", "负"])), multi_label=False)
    assert problem.message == "2 labels (正, 负), expected exactly 1 (--single-label)"


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"label": [[0, 2]]}, "an entity is [0, 2], expected [start, end, label]"),
        ({"label": [[0, 9, "PER"]]}, "entity PER at 0..9 is outside the text of 5 characters"),
        ({"label": {}}, '"label" is {}, expected an array of labels or of entities'),
        ({"entities": [{"label": "PER", "start_offset": 0}]}, 'an entity has no "end"'),
    ],
)
def test_a_bad_record_is_told(make_file: MakeFile, read_all: ReadAll, record: dict[str, Any], message: str) -> None:
    examples, (problem,) = read_all(make_file("a.jsonl", line(label=ENTITIES) + line(**record)), "doccano")
    assert len(examples) == 1 and problem.line == 2 and problem.message.startswith(message)


def test_an_array_of_its_records_is_read(make_file: MakeFile, read_all: ReadAll) -> None:
    content = "[" + ",".join(line(label=label).strip() for label in (ENTITIES, [])) + "]"
    examples, problems = read_all(make_file("a.json", content))
    assert [len(entities_of(example)) for example in examples] == [2, 0] and not problems


@pytest.mark.parametrize("key", ["label", "annotations"])
def test_objects_with_offsets_are_entities_and_no_classes(make_file: MakeFile, read_all: ReadAll, key: str) -> None:
    entities = [{"start": start, "end": end, "label": label} for start, end, label in ENTITIES]
    (example,), _ = read_all(make_file("a.jsonl", line(**{key: entities})))
    assert [(entity.start, entity.end, entity.label) for entity in entities_of(example)] == ENTITIES


def test_a_class_that_several_people_chose_is_one(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.jsonl", line(label=["正", "正"]) + line(label=["负"]))
    assert [example.labels for example in load(path, log=said.append)] == [("正",), ("负",)]
    assert said == [f"{path}: 1 label stands twice in a record: read once"]


def test_intents_beside_no_slots_are_said(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.jsonl", line(entities=[], cats=["订票"]))
    assert load(path, log=said.append)[0].entities == () and "entities are read, not the cats that 1 record" in said[0]


@pytest.mark.parametrize("bad", [["PER", 0, 2], ["T1", "PER", [[0, 2]]], [0, 2, "PER", 7]])
def test_an_entity_in_another_order_is_told(make_file: MakeFile, read_all: ReadAll, bad: object) -> None:
    _, (problem,) = read_all(make_file("a.jsonl", line(label=ENTITIES) + line(label=[bad])))
    assert problem.message.startswith(f"an entity is {bad}, expected [start, end, label]")


def test_relations_alone_are_no_annotation_which_is_said(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.jsonl", '{"id": 1, "text": "韩梅在苏州", "relations": [{"type": "a"}]}\n')
    (example,) = load(path, log=said.append)
    assert example.entities is None
    assert said == [
        f"{path}: 'relations' holds relations, which are not read, and there is no label: expected entities with their"
        " offsets (entities), or label or labels of the text"
    ]
