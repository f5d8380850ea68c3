from __future__ import annotations

import json
from typing import Any

import pytest

from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

TEXT = "房室结消融治疗"


def entity(start: int | str, end: int, type: str, surface: str | None = None) -> dict[str, Any]:
    found = {"start_idx": start, "end_idx": end, "type": type}
    return found if surface is None else found | {"entity": surface}


def array(*lists: list[dict[str, Any]]) -> str:
    return json.dumps([{"text": TEXT, "entities": list(entities)} for entities in lists], ensure_ascii=False, indent=1)


def test_ends_are_inclusive(make_file: MakeFile, read_all: ReadAll) -> None:
    (example, plain), problems = read_all(make_file("a.json", array([entity(0, 4, "pro", "房室结消融")], [])))
    assert [(found.text, found.label) for found in entities_of(example)] == [("房室结消融", "pro")]
    assert (plain.entities, problems) == ((), [])


def test_lines_of_objects_are_read(make_file: MakeFile, read_all: ReadAll) -> None:
    content = json.dumps({"text": TEXT, "entities": [entity(0, 2, "bod")]}) + "\n"
    assert [found.text for found in entities_of(read_all(make_file("a.jsonl", content))[0][0])] == ["房室结"]


def test_surfaces_prove_exclusive_ends(
    make_file: MakeFile, read_all: ReadAll, caplog: pytest.LogCaptureFixture
) -> None:
    (example,), problems = read_all(make_file("a.json", array([entity(0, 5, "pro", "房室结消融")])))
    assert ([found.text for found in entities_of(example)], problems) == (["房室结消融"], [])
    assert "its ends are exclusive" in caplog.text


def test_the_text_form_is_read(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.txt", f"{TEXT}|||0 4 pro|||5 6 pro|||\n天气好|||\n")
    (example, plain), problems = read_all(path)
    assert [found.text for found in entities_of(example)] == ["房室结消融", "治疗"]
    assert (plain.entities, problems) == ((), [])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("天气好", "no |||, expected text|||start end type|||"),
        (f"{TEXT}|||0 pro|||", "'0 pro' between |||, expected start end type"),
        (f"{TEXT}|||0 9 pro|||", "entity pro at 0..10 is outside the text of 7 characters"),
    ],
)
def test_a_bad_line_is_told(make_file: MakeFile, read_all: ReadAll, bad: str, message: str) -> None:
    examples, (problem,) = read_all(make_file("a.txt", f"{TEXT}|||0 4 pro|||\n{TEXT}|||\n{bad}\n"))
    assert len(examples) == 2 and problem.line == 3 and problem.message.startswith(message)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (entity(0, 4, "pro", "治疗"), "entity pro at 0..5 is '房室结消融' in the text, but the record says '治疗'"),
        ({"start_idx": 0}, 'an entity has no "end", expected "start", "end" and "label": its keys are start_idx'),
        (entity("0", 4, "pro"), "\"start_idx\" is '0', expected a whole number"),
    ],
)
def test_a_bad_entity_is_told(make_file: MakeFile, read_all: ReadAll, bad: dict[str, Any], message: str) -> None:
    examples, (problem,) = read_all(make_file("a.json", array([entity(0, 4, "pro", "房室结消融")], [bad])))
    assert len(examples) == 1 and problem.message.startswith(message)
