"""A JSON array is read piece by piece."""

from __future__ import annotations

import json

import pytest

from paddle_ner.data import ReadOptions, json_stream, load, read
from paddle_ner.errors import DataError
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

RECORDS = [{"id": f"s{n}", "query": f"怎么办{n}", "label": "其他", "more": [n]} for n in range(50)]


def test_named_fields_are_found(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, problems = read_all(make_file("a.json", json.dumps(RECORDS, ensure_ascii=False, indent=2)))
    assert [(one.id, one.text, one.label) for one in examples] == [(r["id"], r["query"], r["label"]) for r in RECORDS]
    assert examples[1].origin.endswith(":10") and not problems


def test_records_without_label_are_unlabelled(make_file: MakeFile, read_all: ReadAll) -> None:
    assert read_all(make_file("a.json", '[{"id": "s1", "query": "好"}]'))[0][0].label is None


def test_a_file_without_any_label_is_said_with_its_keys(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.json", '[{"text": "好", "mood": "正", "length": 1}]')
    assert load(path, log=said.append)[0].label is None
    assert said == [
        f"{path}: no label found: the keys are text, mood, length, expected label (--label-field NAME names another)"
    ]
    assert load(path, options=ReadOptions(label_field="mood"), log=said.append)[0].label == "正"
    assert len(said) == 1


def test_an_empty_label_is_no_entity_among_entities_and_no_class_among_classes(
    make_file: MakeFile, read_all: ReadAll
) -> None:
    entities = '[{"text": "好", "label": []}, {"text": "好", "label": [{"start": 0, "end": 1, "label": "A"}]}]'
    assert [len(entities_of(example)) for example in read_all(make_file("a.json", entities))[0]] == [0, 1]
    classes = '[{"text": "好", "label": []}, {"text": "好", "label": ["正"]}]'
    assert [example.labels for example in read_all(make_file("b.json", classes))[0]] == [(), ("正",)]


def test_other_fields_are_read_when_named(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", '[{"n": 4, "body": "好", "art": "正", "query": "x"}]')
    (example,), _ = read_all(path, text_field="body", label_field="art", id_field="n")
    assert (example.id, example.text, example.label) == ("4", "好", "正")


def test_labels_and_entities_are_read(make_file: MakeFile, read_all: ReadAll) -> None:
    assert read_all(make_file("a.json", '[{"text": "好", "label": ["正", "短"]}]'))[0][0].labels == ("正", "短")
    path = make_file("b.json", '[{"text": "好", "entities": [{"start": 0, "end": 1, "label": "A"}]}]')
    assert len(entities_of(read_all(path)[0][0])) == 1


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_the_array_is_read_piece_by_piece(
    make_file: MakeFile, monkeypatch: pytest.MonkeyPatch, chunk: int, indent: int | None
) -> None:
    monkeypatch.setattr(json_stream, "_CHUNK", chunk)
    path = make_file("a.json", "\ufeff" + json.dumps(RECORDS, ensure_ascii=False, indent=indent) + "\r\n")
    examples = list(read(path, "json-array"))
    assert [example.text for example in examples] == [record["query"] for record in RECORDS]
    assert examples[-1].origin.endswith(f":{1 if indent is None else 49 * 8 + 2}")


def test_the_first_records_come_before_the_rest_is_read(make_file: MakeFile) -> None:
    path = make_file("a.json", json.dumps(RECORDS * 200)[:-1] + ", broken")
    assert next(read(path)).id == "s0"


def test_gb18030_is_read(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", '[{"text": "镕", "label": "正"}]'.encode("gb18030"))
    assert read_all(path, encoding="gb18030")[0][0].text == "镕"


@pytest.mark.parametrize(
    ("element", "message"),
    [
        ("5", "a number, expected a JSON object"),
        ('{"text": "x", "text": "y"}', "key 'text' stands twice"),
        ('{"label": "正"}', 'no text: the keys are label, expected "text"'),
        ('{"text": "", "label": "正"}', "empty text"),
        ('{"text": "好"}', "no annotation, but "),
    ],
)
def test_a_bad_element_is_told_and_the_others_are_read(
    make_file: MakeFile, read_all: ReadAll, element: str, message: str
) -> None:
    good = '{"text": "好", "label": "正"}'
    examples, (problem,) = read_all(make_file("a.json", f"[{good},\n{element},\n{good}]"))
    assert len(examples) == 2 and problem.line == 2 and problem.message.startswith(message)


def test_invalid_utf8_is_told_with_the_line_of_its_element(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", b'[{"text": "a", "label": "1"},\n{"text": "\xff", "label": "1"}]')
    examples, (problem,) = read_all(path)
    assert len(examples) == 1 and problem.line == 2 and problem.message.startswith("invalid UTF-8: byte 0xFF")


@pytest.mark.parametrize(
    ("tail", "message"),
    [
        (',\n{"text": 好}]', "invalid JSON: Expecting value at column 10"),
        (",\n", "invalid JSON: Expecting value at column 1"),
        (',\n{"text": "好', "invalid JSON: Unterminated string"),
        ("\n5", "expected ',' or ']' after an element of the array, found '5'"),
        ("\n", "expected ',' or ']' after an element of the array, found ''"),
        ("]\n{}", "expected the end of the file after the array, found '{'"),
    ],
)
def test_a_syntax_error_ends_the_reading_even_where_bad_records_are_skipped(
    make_file: MakeFile, tail: str, message: str
) -> None:
    path = make_file("a.json", '[{"text": "好", "label": "正"}' + tail)
    with pytest.raises(DataError) as caught:
        load(path, policy="skip")
    (problem,) = caught.value.problems
    assert problem.line == 2
    assert problem.message.startswith(message) and problem.message.endswith("the rest of the file cannot be read")
