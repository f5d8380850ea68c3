from __future__ import annotations

import json

import pytest

from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

TEXT = "彭小军在台湾"


def record(label: object, text: str = TEXT) -> str:
    return json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n"


def test_ends_are_inclusive(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", record({"address": {"台湾": [[4, 5]]}, "name": {"彭小军": [[0, 2]]}}))
    (example,), problems = read_all(path)
    assert [(entity.text, entity.label, entity.end) for entity in entities_of(example)] == [
        ("彭小军", "name", 3), ("台湾", "address", 6)]  # fmt: skip
    assert not problems


def test_one_surface_may_stand_in_several_places(make_file: MakeFile, read_all: ReadAll) -> None:
    (example,), _ = read_all(make_file("a.json", record({"name": {"军": [[0, 0], [2, 2]]}}, "军和军")))
    assert [entity.start for entity in entities_of(example)] == [0, 2]


def test_no_entity_is_an_annotation_and_no_label_is_none(make_file: MakeFile, read_all: ReadAll) -> None:
    assert read_all(make_file("a.json", record({})))[0][0].entities == ()
    assert read_all(make_file("b.json", '{"id": 0, "text": "好"}\n'))[0][0].entities is None


def test_overlaps_are_bad_unless_allowed(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", record({"book": {"彭小军在": [[0, 3]]}, "name": {"彭小军": [[0, 2]], "在": [[3, 3]]}}))
    examples, problems = read_all(path)
    assert not examples and [problem.line for problem in problems] == [1, 1]
    (example,), problems = read_all(path, overlaps="allow")
    assert len(entities_of(example)) == 3 and not problems


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ({"name": {"彭小": [[0, 2]]}}, "entity name at 0..3 is '彭小军' in the text, but the record says '彭小'"),
        ({"name": {"彭小军": [[0, 6]]}}, "entity name at 0..7 is outside the text of 6 characters"),
        ({"name": {"彭小军": [0, 2]}}, "offsets of '彭小军' are 0, expected {type: {surface: [[start, end], …]}}"),
        ({"name": {"彭小军": [["0", 2]]}}, "\"start\" is '0', expected a whole number"),
        ({"name": ["彭小军"]}, "\"label\" holds ['彭小军'], expected {type"),
        ("name", "\"label\" holds 'name', expected {type"),
    ],
)
def test_a_bad_label_is_told(make_file: MakeFile, read_all: ReadAll, label: object, message: str) -> None:
    examples, (problem,) = read_all(make_file("a.json", record({}) + record(label)), "cluener")
    assert len(examples) == 1 and problem.line == 2 and problem.message.startswith(message)


def test_surfaces_prove_exclusive_ends(
    make_file: MakeFile, read_all: ReadAll, caplog: pytest.LogCaptureFixture
) -> None:
    (example,), problems = read_all(
        make_file("a.json", record({"address": {"台湾": [[4, 6]]}, "name": {"彭小军": [[0, 3]]}}))
    )
    assert [entity.text for entity in entities_of(example)] == ["彭小军", "台湾"] and not problems
    assert "its ends are exclusive, unlike in the published CLUENER" in caplog.text


def test_an_array_is_read(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", f"[{record({'name': {'彭小军': [[0, 2]]}}).strip()}]")
    assert [entity.text for entity in entities_of(read_all(path)[0][0])] == ["彭小军"]
