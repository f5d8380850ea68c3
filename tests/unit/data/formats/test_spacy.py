from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

TEXT = "雷军在北京"
PAIR = [TEXT, {"entities": [[0, 2, "PER"], [3, 5, "LOC"]]}]


def array(*pairs: object) -> str:
    return json.dumps(pairs, ensure_ascii=False, indent=1)


def lines(*pairs: object) -> str:
    return "".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in pairs)


@pytest.mark.parametrize("written", [array, lines])
def test_entities_are_read(make_file: MakeFile, read_all: ReadAll, written: Callable[..., str]) -> None:
    (example, plain), problems = read_all(make_file("a.json", written(PAIR, ["天气好", {"entities": []}])))
    assert [(entity.text, entity.label) for entity in entities_of(example)] == [("雷军", "PER"), ("北京", "LOC")]
    assert (plain.entities, problems) == ((), [])


def test_cats_are_labels(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", array([TEXT, {"cats": {"正": 1.0, "负": 0.0}}]))
    assert read_all(path)[0][0].labels == ("正",)
    assert read_all(path, multi_label=False)[0][0].label == "正"


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([TEXT, {"entities": [[0, 9, "PER"]]}], "entity PER at 0..9 is outside the text"),
        ([TEXT, {"entities": [[0, 2]]}], "an entity is [0, 2], expected [start, end, label]"),
        ([TEXT, {"entities": {}}], '"entities" is {}, expected [[start, end, label], …]'),
        ([TEXT, {"entities": [[0, 2, "PER"]], "cats": {"正": 1}}], "entities and cats of one text"),
        ([TEXT, {"cats": {"正": 0.5}}], "cat '正' is 0.5, expected 0 or 1"),
        ([TEXT], f"{[TEXT]}, expected [text, "),
        ({"text": TEXT}, "a JSON object, expected an array"),
    ],
)
def test_a_bad_pair_is_told(make_file: MakeFile, read_all: ReadAll, bad: object, message: str) -> None:
    examples, (problem,) = read_all(make_file("a.jsonl", lines(PAIR, PAIR, bad)))
    assert len(examples) == 2 and problem.line == 3 and problem.message.startswith(message)


def test_an_array_that_begins_with_null_and_entities_as_objects_are_read(
    make_file: MakeFile, read_all: ReadAll
) -> None:
    """Annotators of the web write null for a text that was skipped."""
    entity = {"start": 0, "end": 2, "label": "PER"}
    (example,), (problem,) = read_all(make_file("a.json", array(None, [TEXT, {"entities": [entity]}])))
    assert [entity.text for entity in entities_of(example)] == ["雷军"]
    assert problem.message == "null, expected an array"
