"""Which of overlapping entities a flat reading keeps, and what it says of the others."""

from __future__ import annotations

import json

import pytest

from paddle_ner.data import ReadOptions, load
from paddle_ner.data.overlaps import do_overlap
from paddle_ner.errors import DataError
from paddle_ner.types import Entity
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile

TEXT = "在北京大学第三医院看病"


def record(*entities: tuple[int, int, str]) -> str:
    listed = [{"start": start, "end": end, "label": label} for start, end, label in entities]
    return json.dumps({"text": TEXT, "entities": listed}, ensure_ascii=False) + "\n"


@pytest.mark.parametrize(
    ("given", "outermost", "innermost"),
    [
        ([(1, 9, "ORG"), (1, 3, "LOC")], [(1, 9, "ORG")], [(1, 3, "LOC")]),
        ([(1, 3, "LOC"), (1, 5, "ORG"), (1, 9, "ORG")], [(1, 9, "ORG")], [(1, 3, "LOC")]),
        ([(1, 9, "ORG"), (1, 3, "LOC"), (3, 5, "X")], [(1, 9, "ORG")], [(1, 3, "LOC"), (3, 5, "X")]),
        ([(1, 5, "A"), (3, 9, "B")], [(3, 9, "B")], [(1, 5, "A")]),  # crossing
        ([(3, 7, "B"), (1, 5, "A")], [(1, 5, "A")], [(1, 5, "A")]),  # equally long: the first in the text
        ([(1, 3, "B"), (1, 3, "A")], [(1, 3, "B")], [(1, 3, "B")]),  # the same range: the first in the record
        ([(5, 9, "B"), (1, 5, "A")], [(1, 5, "A"), (5, 9, "B")], [(1, 5, "A"), (5, 9, "B")]),  # none
    ],
)
def test_the_longest_or_the_shortest_is_kept(
    make_file: MakeFile,
    given: list[tuple[int, int, str]],
    outermost: list[tuple[int, int, str]],
    innermost: list[tuple[int, int, str]],
) -> None:
    path = make_file("a.jsonl", record(*given))
    kept = ((ReadOptions(overlaps="outermost"), outermost), (ReadOptions(overlaps="innermost"), innermost))
    for options, expected in kept:
        (example,) = load(path, options=options, log=lambda _: None)
        assert [(one.start, one.end, one.label) for one in entities_of(example)] == expected


def test_what_is_left_out_is_counted_once_for_the_file(make_file: MakeFile) -> None:
    said: list[str] = []
    nested, same, flat = record((1, 9, "ORG"), (1, 3, "LOC")), record((1, 3, "A"), (1, 3, "B")), record((1, 3, "A"))
    path = make_file("a.jsonl", nested * 3 + same + flat)
    assert len(load(path, options=ReadOptions(overlaps="outermost"), log=said.append)) == 5
    assert said == [
        f"{path}: left out 4 of 9 entities, in 4 records, that overlap one that is kept, 1 of them with the range of"
        " the kept one (--overlaps outermost)"
    ]


def test_nothing_is_said_of_flat_entities(make_file: MakeFile) -> None:
    said: list[str] = []
    load(make_file("a.jsonl", record((1, 3, "A"))), options=ReadOptions(overlaps="innermost"), log=said.append)
    assert said == []


def test_other_faults_of_the_record_are_still_told(make_file: MakeFile) -> None:
    path = make_file("a.jsonl", record((1, 9, "ORG"), (1, 3, "LOC"), (1, 99, "ORG")))
    with pytest.raises(DataError, match="99"):
        load(path, options=ReadOptions(overlaps="outermost"))


def test_the_report_names_what_leads_on(make_file: MakeFile) -> None:
    with pytest.raises(DataError, match="--overlaps outermost or innermost keeps one of them"):
        load(make_file("a.jsonl", record((1, 9, "ORG"), (1, 3, "LOC"))))


def test_entities_that_touch_do_not_overlap() -> None:
    a, b, c = Entity.of(TEXT, 1, 5, "A"), Entity.of(TEXT, 5, 9, "B"), Entity.of(TEXT, 4, 6, "C")
    assert not do_overlap([b, a])
    assert do_overlap([a, b, c])
