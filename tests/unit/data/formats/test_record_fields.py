from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from paddle_ner.data import ReadOptions, load
from paddle_ner.errors import InputError
from paddle_ner.types import Example
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

ReadRecord = Callable[..., tuple[Example, list[str]]]
ENTITY = {"start": 0, "end": 2, "label": "PER"}
TEXT = "韩梅在苏州"


@pytest.fixture
def read_record(make_file: MakeFile) -> ReadRecord:
    """The example of a file with one record, and what was said of the file."""

    def read(record: dict[str, Any], suffix: str = ".json", **options: Any) -> tuple[Example, list[str]]:
        said: list[str] = []
        content = json.dumps(record, ensure_ascii=False)
        path = make_file(f"a{suffix}", f"[{content}]" if suffix == ".json" else content + "\n")
        (example,) = load(path, options=ReadOptions(**options), log=said.append)
        return example, [line.removeprefix(f"{path}: ") for line in said]

    return read


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
@pytest.mark.parametrize("key", ["实体", "ents", "spans", "entity_list", "mentions"])
def test_entities_under_other_keys_are_read_and_said(read_record: ReadRecord, suffix: str, key: str) -> None:
    example, said = read_record({"文本": TEXT, key: [ENTITY]}, suffix)
    assert [entity.text for entity in entities_of(example)] == ["韩梅"]
    assert said == [f"the entities are read from {key!r} (--label-field names another key)"]


@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
@pytest.mark.parametrize(
    ("record", "label"), [({"内容": TEXT, "标签": "好评"}, "标签"), ({"text": TEXT, "category": "好评"}, "category")]
)
def test_a_label_under_another_key_is_read_and_said(
    read_record: ReadRecord, suffix: str, record: dict[str, str], label: str
) -> None:
    example, said = read_record(record, suffix)
    assert (example.text, example.label) == (TEXT, "好评")
    assert said == [f"the label is read from {label!r} (--label-field names another key)"]


def test_an_intent_beside_entities_is_said_and_read_when_it_is_named(read_record: ReadRecord) -> None:
    record = {"text": TEXT, "intent": "问路", "entities": [ENTITY]}
    example, said = read_record(record)
    assert len(entities_of(example)) == 1 and said == [
        "the entities are read, not intent: --label-field intent reads that"
    ]
    example, said = read_record(record, label_field="intent")
    assert (example.label, said) == ("问路", [])


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"sentence1": "你好", "sentence2": "您好", "label": "1"}, "sentence1 and sentence2 may be the text, expected"),
        (
            {"title": "你好", "content": "您好", "label": "1"},
            "title and content may be the text, expected one",
        ),
        ({"query": "你好", "context": "您好吗"}, "query and context may be the text"),
        ({"instruction": "分类", "input": "您好", "output": "好"}, "input and instruction may be the text"),
        (
            {"text": TEXT, "annotation": [{"label": ["PER"], "points": []}]},
            "annotation holds {'label': ['PER'],",
        ),
    ],
)
def test_what_may_be_read_in_two_ways_is_refused(read_record: ReadRecord, record: dict[str, Any], message: str) -> None:
    record = {"id": "1", **record}
    with pytest.raises(InputError, match=r"a\.json:1: ") as caught:
        read_record(record)
    assert message in str(caught.value)
    assert read_record(record, text_field="id", label_field="id")[0].text == "1"


def test_an_entity_a_record_is_no_class(read_record: ReadRecord) -> None:
    example, said = read_record({"text": TEXT, "entity": "韩梅", "type": "PER"})
    assert example.label is None and said[0].startswith("no label found: the keys are text, entity, type")


@pytest.mark.parametrize("answer", ["reject", "ignore"])
@pytest.mark.parametrize("annotation", [{"spans": [ENTITY]}, {"label": "好评"}])
def test_what_prodigys_annotators_did_not_accept_is_refused(
    make_file: MakeFile, read_all: ReadAll, annotation: dict[str, Any], answer: str
) -> None:
    record = {"text": TEXT, **annotation, "_input_hash": 1}
    content = "".join(json.dumps(record | {"answer": said}) + "\n" for said in ("accept", answer))
    examples, (problem,) = read_all(make_file("a.jsonl", content))
    assert len(examples) == 1 and problem.line == 2
    assert problem.message == f'"answer" is \'{answer}\', expected "accept": Prodigy\'s annotator did not take it'


@pytest.mark.parametrize("label", ['[[0, 2, "PER"]]', "[(0, 2, 'PER')]", '{"PER": [0, 2]}', '["好评"]', "[]"])
def test_a_list_that_was_written_as_a_string_is_no_label(make_file: MakeFile, read_all: ReadAll, label: str) -> None:
    _, (problem,) = read_all(make_file("a.jsonl", json.dumps({"text": TEXT, "label": label}) + "\n"))
    assert problem.message.endswith("expected a label name, or a list that is no string")


def test_labels_that_count_the_choices_beside_them_are_named(read_record: ReadRecord) -> None:
    record = {"text_a": TEXT, "text_b": "", "question": "", "choices": ["好评", "差评"], "labels": [1]}
    assert read_record(record, ".jsonl")[0].labels == ("差评",)


def test_the_choices_of_prodigy_are_labels(read_record: ReadRecord) -> None:
    options = [{"id": "好评", "text": "好"}, {"id": "差评", "text": "差"}]
    example, said = read_record({"text": TEXT, "options": options, "accept": ["差评"], "answer": "accept"}, ".jsonl")
    assert example.labels == ("差评",) and said == ["the label is read from 'accept' (--label-field names another key)"]


@pytest.mark.parametrize("key", ["label", "labels"])
def test_an_empty_array_is_no_entity_where_the_others_are_of_entities(
    make_file: MakeFile, read_all: ReadAll, key: str
) -> None:
    records = [{"text": TEXT, key: []}, {"text": TEXT, key: [ENTITY]}]
    examples, problems = read_all(make_file("a.json", json.dumps(records)))
    assert [len(entities_of(example)) for example in examples] == [0, 1] and not problems


def test_a_key_that_no_record_has_is_refused(read_record: ReadRecord) -> None:
    with pytest.raises(InputError, match="no key mood, as --label-field says: the keys are text, label"):
        read_record({"text": TEXT, "label": "好评"}, label_field="mood")


def test_a_list_as_long_as_another_is_no_list_of_classes(read_record: ReadRecord) -> None:
    example, (said,) = read_record({"text": TEXT, "word": ["韩梅", "在", "苏州"], "tag": ["PER", "p", "LOC"]})
    assert example.labels is None and said.startswith("no label found: the keys are text, word, tag")


def test_no_classes_beside_entities_are_nothing(read_record: ReadRecord) -> None:
    assert len(entities_of(read_record({"text": TEXT, "labels": [], "entities": [ENTITY]})[0])) == 1
