"""In which unit offsets are counted is proved by the surfaces, or said.

Tests `paddle_ner.data.graphemes` too.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.data import ReadOptions, load, read, write
from paddle_ner.types import Entity, Example
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

EMOJI = "🎉恭喜周子昂加入青禾科技"
CRLF = "恭喜\r\n周子昂"
PLAIN = "韩梅在苏州"


def lines(*records: tuple[str, list[dict[str, Any]]]) -> str:
    return "".join(
        json.dumps({"text": text, "entities": entities}, ensure_ascii=False) + "\n" for text, entities in records
    )


def entity(start: int, end: int, surface: str | None = None, label: str = "PER") -> dict[str, Any]:
    return {"start": start, "end": end, "label": label} | ({} if surface is None else {"text": surface})


def doccano(text: str, *triples: object) -> str:
    return json.dumps({"id": 1, "text": text, "label": triples, "Comments": []}, ensure_ascii=False) + "\n"


def task(start: int, end: int, surface: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": surface, "labels": ["PER"]}
    result = {"from_name": "label", "to_name": "text", "type": "labels", "value": value}
    return {"data": {"text": EMOJI}, "annotations": [{"result": [result]}]}


def surfaces(path: Path, said: list[str] | None = None, **options: Any) -> list[list[str]]:
    log = [] if said is None else said
    found = load(path, options=ReadOptions(**options), log=log.append)
    return [[one.text for one in entities_of(example)] for example in found]


def test_utf16_units_are_taken_where_the_surfaces_prove_them_and_said(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file(
        "a.jsonl", lines((PLAIN, [entity(0, 2, "韩梅")]), (EMOJI, [entity(4, 7, "周子昂"), entity(9, 13)]))
    )
    assert surfaces(path, said) == [["韩梅"], ["周子昂", "青禾科技"]]
    assert said == [f"{path}: its entities fit their texts only where offsets count UTF-16 units: read so"]


def test_code_points_are_taken_where_the_surfaces_prove_them(make_file: MakeFile) -> None:
    said: list[str] = []
    assert surfaces(make_file("a.jsonl", lines((EMOJI, [entity(3, 6, "周子昂")]))), said) == [["周子昂"]]
    # Offset 3 of 🎉🎉周 lies inside a character in UTF-16 units.
    path = make_file("b.jsonl", doccano(EMOJI, [3, 6, "PER"]) + doccano("🎉🎉周", [2, 3, "PER"]))
    assert surfaces(path, said) == [["周子昂"], ["周"]]
    assert said == []


def test_an_offset_behind_the_text_proves_the_larger_unit(make_file: MakeFile) -> None:
    path = make_file("a.jsonl", doccano(EMOJI, [4, 7, "PER"], [9, 13, "ORG"]))
    assert surfaces(path) == [["周子昂", "青禾科技"]]


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [(3, 6, "code points, CRLF as one"), (4, 7, None)],
)
def test_crlf_counted_as_one_is_told_from_two(make_file: MakeFile, start: int, end: int, name: str | None) -> None:
    said: list[str] = []
    path = make_file("a.jsonl", lines((CRLF, [entity(start, end, "周子昂")])))
    assert surfaces(path, said) == [["周子昂"]]
    expected = f"{path}: its entities fit their texts only where offsets count {name}: read so"
    assert said == ([] if name is None else [expected])


def test_both_at_once(make_file: MakeFile) -> None:
    path = make_file("a.jsonl", lines(("🎉\r\n周子昂", [entity(3, 6, "周子昂")])))
    assert surfaces(path) == [["周子昂"]]
    assert surfaces(path, offsets="utf-16-lf") == [["周子昂"]]
    other = make_file("b.jsonl", lines(("🎉\r\n周子昂和韩梅", [entity(3, 6), entity(7, 9, "韩梅")])))
    assert surfaces(other) == [["周子昂", "韩梅"]]  # of 🎉\r\n, code points and UTF-16 with LF alike count 3


def test_a_surface_with_lf_is_that_of_a_text_with_crlf(make_file: MakeFile) -> None:
    path = make_file("a.jsonl", lines(("周\r\n子昂", [entity(0, 5, "周\n子昂")])))
    assert surfaces(path) == [["周\r\n子昂"]]


def test_where_nothing_proves_the_unit_that_of_the_tool_is_read_and_said(make_file: MakeFile) -> None:
    said: list[str] = []
    text = EMOJI + "公司"
    path = make_file("a.jsonl", doccano(PLAIN, [0, 2, "PER"]) + doccano(text, [4, 7, "PER"]) * 2)
    assert surfaces(path, said) == [["韩梅"], ["周子昂"], ["周子昂"]]
    assert said == [
        f"{path}: 2 texts with emoji (or others beyond U+FFFF), combined characters or CRLF line ends before an entity,"
        " and nothing proves whether offsets count code points or UTF-16 units: read as UTF-16 units (--offsets"
        " code-points where a program in Python counted)"
    ]
    said.clear()
    assert surfaces(path, said, offsets="code-points") == [["韩梅"], ["子昂加"], ["子昂加"]]
    assert said == []


def test_a_bad_entity_does_not_change_the_unit_of_the_others(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", json.dumps([task(4, 7, "周子昂")] * 3 + [task(1, 3, "韩梅")]))
    examples, (problem,) = read_all(path)
    assert [entities_of(one)[0].text for one in examples] == ["周子昂"] * 3 and "PER at 1..3" in problem.message
    said: list[str] = []
    list(read(path, on_problem=lambda _: None, log=said.append))
    assert any("read as UTF-16 units, in which 3 of 4 fit" in line for line in said)


def test_what_we_write_for_doccano_is_read_back(tmp_path: Path) -> None:
    examples = [
        Example(text, tuple(Entity.of(text, *span, "PER") for span in spans))
        for text, spans in [(EMOJI, [(3, 6)]), ("👨\u200d👩韩梅🎉好", [(3, 5), (5, 6)]), ("e\u0301韩梅", [(2, 4)])]
    ]
    write(tmp_path / "a.jsonl", examples, "doccano")
    assert [replace(one, origin="") for one in load(tmp_path / "a.jsonl")] == examples


def test_canonical_records_are_in_code_points_without_a_proof(make_file: MakeFile) -> None:
    said: list[str] = []
    assert surfaces(make_file("a.jsonl", lines((EMOJI, [entity(3, 6)]))), said) == [["周子昂"]]
    assert said == []


def test_characters_behind_the_entities_need_no_proof(make_file: MakeFile) -> None:
    said: list[str] = []
    assert surfaces(make_file("a.jsonl", doccano("周子昂🎉", [0, 3, "PER"])), said) == [["周子昂"]]
    assert said == []


def test_surfaces_that_fit_in_no_unit_are_told_record_by_record(make_file: MakeFile, read_all: ReadAll) -> None:
    right, wrong = (EMOJI, [entity(4, 7, "周子昂")]), (EMOJI, [entity(1, 3, "韩梅")])
    _, problems = read_all(make_file("a.jsonl", lines(right, wrong)))
    assert [problem.line for problem in problems] == [1, 2]
    assert problems[0].message == (
        "entity PER at 4..7 is '子昂加' in the text, but the record says '周子昂': expected offsets in code points of"
        " the text (--offsets names another unit)"
    )
    (example,), (problem,) = read_all(make_file("a.jsonl", lines(right, wrong)), offsets="utf-16")
    assert entities_of(example)[0].text == "周子昂" and problem.line == 2


def test_bytes_are_read_where_they_are_named(make_file: MakeFile) -> None:
    assert surfaces(make_file("a.jsonl", lines((PLAIN, [entity(9, 15, "苏州")]))), offsets="utf-8") == [["苏州"]]


def test_an_offset_inside_a_character_is_told_with_its_unit(make_file: MakeFile, read_all: ReadAll) -> None:
    _, (problem,) = read_all(make_file("a.jsonl", lines((EMOJI, [entity(1, 4)]))), offsets="utf-16")
    assert problem.message == (
        "entity PER at 1..4, counted in UTF-16 units: expected offsets between characters, from 0 to 13"
    )


FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
CLUSTERS = [FAMILY, "e\u0301", "\u2764\ufe0f", "\U0001f44d\U0001f3fd", "\U0001f1e8\U0001f1f3", "1\ufe0f\u20e3", "\r\n"]


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_grapheme_clusters_are_one_where_the_surfaces_prove_them(make_file: MakeFile, cluster: str) -> None:
    said: list[str] = []
    path = make_file("a.jsonl", lines((cluster * 2 + "周子昂", [entity(2, 5, "周子昂")])))
    assert surfaces(path, said) == [["周子昂"]] and len(said) == 1
    assert surfaces(path, offsets="graphemes") == [["周子昂"]]


def test_three_letters_of_flags_are_a_flag_and_a_letter(make_file: MakeFile) -> None:
    text = "\U0001f1e8\U0001f1f3\U0001f1fa周子昂"
    assert surfaces(make_file("a.jsonl", doccano(text, [2, 5, "PER"])), offsets="graphemes") == [["周子昂"]]


def test_clusters_before_an_entity_that_prove_nothing_are_said(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.jsonl", doccano("\u2764\ufe0f周子昂好", [2, 5, "PER"]))
    assert surfaces(path, said) == [["周子昂"]]
    assert said == [
        f"{path}: 1 text with emoji (or others beyond U+FFFF), combined characters or CRLF line ends before an entity,"
        " and nothing proves whether offsets count code points or grapheme clusters: read as code points (--offsets"
        " graphemes where doccano is told to count those)"
    ]
    said.clear()
    assert surfaces(make_file("b.jsonl", doccano(FAMILY + "周子昂和韩梅", [1, 4, "PER"])), said) == [[FAMILY[1:4]]]
    assert "whether offsets count code points or grapheme clusters" in said[0]
