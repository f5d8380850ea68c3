from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from paddle_ner.data import ReadOptions, load
from paddle_ner.data.unlabelled import unlabelled
from tests.labelled import entities_of, example_of
from tests.unit.data.conftest import MakeFile, ReadAll

TEXT, OTHER = "韩梅在苏州", "李雷住上海"
WriteEntity = Callable[[str, int, int, str], dict[str, Any]]
ReadEntities = Callable[..., tuple[list[tuple[str, str]], list[str]]]
PLACES = ((TEXT, 0, 2, "PER"), (TEXT, 3, 5, "LOC"), (OTHER, 0, 2, "PER"), (OTHER, 3, 5, "LOC"))


@pytest.fixture
def read_entities(make_file: MakeFile) -> ReadEntities:
    """The entities of two texts whose entities are written by a function of text, start, end and label."""

    def read(write: WriteEntity, suffix: str = ".jsonl", **options: Any) -> tuple[list[tuple[str, str]], list[str]]:
        records = [
            {"text": text, "entities": [write(*place) for place in PLACES if place[0] == text]}
            for text in (TEXT, OTHER)
        ]
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        path = make_file(f"a{suffix}", lines if suffix == ".jsonl" else json.dumps(records, indent=1))
        said: list[str] = []
        found = load(path, options=ReadOptions(**options), log=said.append)
        return [(entity.text, entity.label) for example in found for entity in entities_of(example)], said

    return read


FOUND = [(text[start:end], label) for text, start, end, label in PLACES]


def keys(
    start: str, end: str, label: str, surface: str | None = None, *, first: int = 0, inclusive: int = 0
) -> WriteEntity:
    def write(text: str, begin: int, stop: int, name: str) -> dict[str, Any]:
        entity = {start: begin + first, end: stop + first - inclusive, label: name}
        return entity if surface is None else entity | {surface: text[begin:stop]}

    return write


@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
@pytest.mark.parametrize(
    "write",
    [
        keys("start", "end", "type"),
        keys("start", "end", "entity_group", "word"),
        keys("start", "end", "entity", "value"),
        keys("start_offset", "end_offset", "label"),
        keys("begin", "end", "tag", "mention"),
        keys("startIndex", "endIndex", "category", "text"),
        keys("from", "to", "type", "entity"),
        keys("开始", "结束", "类型", "实体"),
        lambda text, start, end, label: {"offset": start, "length": end - start, "type": label},
        lambda text, start, end, label: {"span": [start, end], "label": label, "text": text[start:end]},
        lambda text, start, end, label: {"start": start, "end": end, "labels": [label]},
        lambda text, start, end, label: [start, end, label],
    ],
)
def test_the_keys_of_people_and_tools_are_read(read_entities: ReadEntities, write: WriteEntity, suffix: str) -> None:
    assert read_entities(write, suffix) == (FOUND, [])


@pytest.mark.parametrize(
    ("first", "inclusive", "counting"),
    [
        (0, 1, "ends are inclusive"),
        (1, 0, "offsets count from 1 and ends are exclusive"),
        (1, 1, "offsets count from 1 and ends are inclusive"),
    ],
)
@pytest.mark.parametrize("names", [("start", "end", "label", "text"), ("start_pos", "end_pos", "label_type", "entity")])
def test_surfaces_prove_how_offsets_count(
    read_entities: ReadEntities, names: tuple[str, str, str, str], first: int, inclusive: int, counting: str
) -> None:
    found, (said,) = read_entities(keys(*names, first=first, inclusive=inclusive))
    assert found == FOUND and said.endswith(f"its entities fit their texts only where {counting}: read so")


def test_entities_at_the_edges_of_their_texts_prove_exclusive_ends(read_entities: ReadEntities) -> None:
    assert read_entities(keys("start_pos", "end_pos", "label_type")) == (FOUND, [])


def told(read_all: ReadAll, make_file: MakeFile, *entities: object, text: str = TEXT) -> str:
    content = json.dumps({"text": text, "entities": list(entities)}, ensure_ascii=False) + "\n"
    return read_all(make_file("a.jsonl", content))[1][0].message


@pytest.mark.parametrize(
    ("entity", "message"),
    [
        ({"begin": 0, "stop": 1, "tag": "A"}, 'nothing proves whether "stop" is inclusive: expected "start" and "end"'),
        (
            {"s": 0, "e": 2, "label": "A"},
            'an entity has no "start", expected "start", "end" and "label": its keys',
        ),
        ({"text": "韩梅", "label": "A"}, 'an entity has no "start", expected'),
        ({"start": 0, "label": "A"}, 'an entity has no "end", expected'),
        (
            {"start": 0, "end": 2},
            'an entity has no "label", expected "start", "end" and "label": its keys',
        ),
        ({"start": 0, "end": 2, "entity": "韩梅"}, 'an entity has no "label", expected'),
        (
            {"start": 0, "end": 2, "type": "A", "tag": "B"},
            "an entity has type and tag, expected one of them as",
        ),
        ({"begin": 0, "from": 1, "end": 2, "label": "A"}, "an entity has begin and from, expected one of them"),
        ({"start": 0, "end": 1, "entity": "B-PER", "index": 1, "word": "韩"}, "'B-PER' is the tag of one token"),
        ({"start": "0", "end": 2, "type": "A"}, "\"start\" is '0', expected a whole number"),
        ({"span": [0], "type": "A"}, '"span" of an entity is [0], expected [start, end]'),
        (
            {"start": 0, "end": 2, "label": "A", "word": "李雷"},
            "entity A at 0..2 is '韩梅' in the text, but",
        ),
        ({"start": 0, "end": 2, "labels": []}, "an entity has no label, expected one"),
        ([0, 2, "A", 7], "an entity is [0, 2, 'A', 7], expected [start, end, label]"),
    ],
)
def test_an_entity_that_cannot_be_read_is_told_with_its_keys(
    read_all: ReadAll, make_file: MakeFile, entity: object, message: str
) -> None:
    assert told(read_all, make_file, entity).startswith(message)


def test_a_word_of_a_tokenizer_proves_nothing(make_file: MakeFile) -> None:
    """transformers writes the tokens of a word with spaces between, and in lower case."""
    record = {"text": "AB公司", "entities": [{"start": 0, "end": 4, "entity_group": "ORG", "word": "ab 公 司"}]}
    (example,) = load(make_file("a.jsonl", json.dumps(record)))
    assert [(entity.text, entity.label) for entity in entities_of(example)] == [("AB公司", "ORG")]


def test_annotations_are_not_read_where_only_texts_count(make_file: MakeFile) -> None:
    path = make_file("a.jsonl", json.dumps({"text": TEXT, "entities": [{"s": 0}]}) + "\n")
    assert [example_of(example).text for example in unlabelled(path)] == [TEXT]
