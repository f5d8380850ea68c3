"""Our own JSON lines, and what is wrong with a record.

Tests `paddle_ner.data.formats.fields` too.
"""

from __future__ import annotations

import json

import pytest

from paddle_ner.types import Entity, Example
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll


def test_every_kind_of_annotation_is_read(make_file: MakeFile, read_all: ReadAll) -> None:
    entities = make_file(
        "a.jsonl", '{"id": "x", "text": "雷军在北京", "entities": [{"start": 3, "end": 5, "label": "LOC"}]}\n'
    )
    assert read_all(entities)[0] == [
        Example("雷军在北京", (Entity(3, 5, "LOC", "北京"),), id="x", origin=f"{entities}:1")
    ]
    one = make_file("b.jsonl", '{"text": "好", "label": "正"}\n')
    assert read_all(one)[0] == [Example("好", label="正", origin=f"{one}:1")]
    many = make_file("c.jsonl", '{"text": "好", "labels": ["正", "短"]}\n')
    assert read_all(many)[0] == [Example("好", labels=("正", "短"), origin=f"{many}:1")]
    none = make_file("d.jsonl", '{"id": 7, "text": "好"}\n')
    assert read_all(none)[0] == [Example("好", id="7", origin=f"{none}:1")]


def test_entities_come_in_order_of_their_start(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.jsonl", json.dumps({"text": "甲乙丙", "entities": [
        {"start": 2, "end": 3, "label": "B"}, {"start": 0, "end": 1, "label": "A"}]}))  # fmt: skip
    (example,), problems = read_all(path)
    assert [entity.label for entity in entities_of(example)] == ["A", "B"] and not problems


def test_blank_lines_hold_no_record_but_count_as_lines(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.jsonl", '\n{"text": "好", "label": "正"}\n\n')
    assert [example.origin for example in read_all(path)[0]] == [f"{path}:2"]


def test_named_fields_are_read_and_the_others_left(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", '{"sentence": "好", "label": "102", "label_desc": "news", "n": 3}\n')
    (example,), problems = read_all(path, text_field="sentence", label_field="label_desc")
    assert (example.text, example.label, problems) == ("好", "news", [])


def test_a_number_is_a_label_as_it_is_written(make_file: MakeFile, read_all: ReadAll) -> None:
    assert read_all(make_file("a.jsonl", '{"text": "好", "label": 3}\n'))[0][0].label == "3"


GOOD = '{"text": "雷军在北京", "entities": []}'


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ('{"text": "雷军", ', "invalid JSON: Expecting property name enclosed in double quotes at column "),
        ('{"text": "雷\x01军"}', "invalid JSON: Invalid control character"),
        ("[1]", "an array, expected a JSON object"),
        ("null", "null, expected a JSON object"),
        ("[" * 100_000, "invalid JSON: nested too deeply"),
        ('{"entities": []}', 'no text: the keys are entities, expected "text" (--text-field names another)'),
        ('{"text": 5, "entities": []}', '"text" is 5, expected a string'),
        ('{"text": "", "entities": []}', "empty text, expected at least one character"),
        ('{"text": " \\u3000\\n", "entities": []}', "empty text"),
        ('{"text": "\\ud800x", "entities": []}', "lone surrogate U+D800 at character 0 of the text"),
        ('{"text": "雷军", "spo_list": []}', "'spo_list' holds relations, which are not read: expected entities"),
        ('{"text": "雷军", "meta": {"a": NaN}}', "NaN is no JSON, expected null where a value is missing"),
        ('{"text": "雷军", "meta": -Infinity}', "-Infinity is no JSON, expected null"),
        ('{"text": "雷军", "meta": 1e400}', "the number 1e400, expected one that a float can hold"),
        ('{"text": "雷军", "entites": []}', "unknown key 'entites', expected id, text, entities"),
        (
            '{"text": "雷军", "text": "雷", "entities": []}',
            "key 'text' stands twice in one object, expected each key once",
        ),
        ('{"text": "雷军", "entities": {}}', '"entities" is {}, expected an array of entities'),
        ('{"text": "雷军", "entities": [[0, 2]]}', "an entity is [0, 2], expected [start, end, label]"),
        ('{"text": "雷军", "entities": ["PER"]}', "an entity is 'PER', expected an object"),
        ('{"text": "雷军", "entities": [{"start": 0, "label": "PER"}]}', 'an entity has no "end", expected "start"'),
        ('{"text": "雷军", "entities": [{"start": 0, "end": 2.0, "label": "PER"}]}', '"end" is 2.0, expected a whole'),
        ('{"text": "雷军", "entities": [{"start": false, "end": 2, "label": "PER"}]}', '"start" is False, expected a'),
        ('{"text": "雷军", "entities": [{"start": 0, "end": 3, "label": "PER"}]}', "entity PER at 0..3 is outside the"),
        ('{"text": "雷军", "entities": [{"start": -1, "end": 1, "label": "PER"}]}', "entity PER at -1..1 is outside"),
        ('{"text": "雷军", "entities": [{"start": 1, "end": 1, "label": "PER"}]}', "entity PER at 1..1 is outside"),
        ('{"text": "雷军", "entities": [{"start": 0, "end": 1, "label": " "}]}', "empty label, expected a name"),
        (
            '{"text": "雷军", "entities": [{"start": 0, "end": 1, "label": "PER", "text": "军"}]}',
            "entity PER at 0..1 is '雷' in the text, but the record says '军'",
        ),
        (
            '{"text": "雷军", "entities": [{"start": 0, "end": 2, "label": "A"},'
            ' {"start": 1, "end": 2, "label": "B"}]}',
            "overlapping entities A 0..2 '雷军' and B 1..2 '军', expected flat entities",
        ),
        (
            '{"text": "雷军", "entities": [{"start": 0, "end": 2, "label": "A"},'
            ' {"start": 0, "end": 2, "label": "B"}]}',
            "overlapping entities A 0..2",
        ),
        ('{"text": "雷军", "entities": [], "label": "正"}', "entities and label in one record, expected one kind"),
        ('{"text": "雷军", "label": "正"}', "a label, but "),
        ('{"text": "雷军"}', "no annotation, but "),
        ('{"id": 1.5, "text": "雷军", "entities": []}', '"id" is 1.5, expected a string or a number'),
    ],
)
def test_a_bad_record_is_told_with_its_line_and_the_others_are_read(
    make_file: MakeFile, read_all: ReadAll, record: str, message: str
) -> None:
    path = make_file("a.jsonl", f"{GOOD}\n{record}\n{GOOD}\n")
    examples, problems = read_all(path, "jsonl")
    assert len(examples) == 2
    assert [(problem.path, problem.line) for problem in problems] == [(str(path), 2)]
    assert problems[0].message.startswith(message)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ('{"text": "好", "labels": "正"}', "\"labels\" is '正', expected an array of label names"),
        ('{"text": "好", "labels": [null]}', '"labels" is None, expected a label name'),
        ('{"text": "好", "labels": ["正", "正"]}', "a label stands twice in 正, 正, expected each once"),
        ('{"text": "好", "label": true}', '"label" is True, expected a label name'),
        ('{"text": "好", "label": ""}', "empty label, expected a name"),
    ],
)
def test_bad_labels_are_told(make_file: MakeFile, read_all: ReadAll, record: str, message: str) -> None:
    examples, (problem,) = read_all(make_file("a.jsonl", record + "\n"))
    assert not examples and problem.line == 1 and problem.message.startswith(message)


def test_invalid_utf8_is_told_with_its_line(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.jsonl", f"{GOOD}\n".encode() + b'{"text": "\xff", "entities": []}\n')
    examples, (problem,) = read_all(path)
    assert len(examples) == 1
    assert problem.line == 2 and problem.message.startswith("invalid UTF-8: byte 0xFF at byte 11 of the line")


def test_all_that_is_wrong_with_one_record_is_told(make_file: MakeFile, read_all: ReadAll) -> None:
    record = {"text": "雷军", "entities": [{"start": 5, "end": 6, "label": "A"}, {"start": 0, "end": 9, "label": "B"}]}
    _, problems = read_all(make_file("a.jsonl", json.dumps(record)))
    assert [problem.message.split(" is ")[0] for problem in problems] == ["entity A at 5..6", "entity B at 0..9"]
