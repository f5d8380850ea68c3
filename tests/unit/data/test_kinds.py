from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.data import load, read
from paddle_ner.errors import DataError
from tests.unit.data.conftest import MakeFile, ReadAll


def lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps({"text": "雷军", **record}, ensure_ascii=False) + "\n" for record in records)


def array(*records: dict[str, Any]) -> str:
    return json.dumps([{"text": "雷军", **record} for record in records], ensure_ascii=False)


ENTITY = {"start": 0, "end": 2, "label": "PER"}


def test_the_first_annotated_record_decides_and_one_before_it_is_bad(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.jsonl", lines({}, {}, {"label": "正"}, {"labels": ["负"]}))
    (example,), problems = read_all(path)
    assert example.label == "正"
    assert [str(problem) for problem in problems] == [
        f"{path}:1: no annotation, but {path}:3 has a label: expected the same in every record",
        f"{path}:2: no annotation, but {path}:3 has a label: expected the same in every record",
        f"{path}:4: labels, but {path}:3 has a label: expected the same in every record",
    ]


def test_a_bad_record_does_not_decide(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.jsonl", lines({}, {"entities": [ENTITY | {"end": 9}]}, {"label": "正"}))
    (example,), (first, second) = read_all(path)
    assert example.label == "正"
    assert first.message.startswith(f"no annotation, but {path}:3 has a label")
    assert second.message.startswith("entity PER at 0..9 is outside")


def test_a_file_without_annotation_is_whole(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, problems = read_all(make_file("a.jsonl", lines({}, {})))
    assert len(examples) == 2 and not problems


def test_empty_labels_follow_what_comes_after_them(make_file: MakeFile, read_all: ReadAll) -> None:
    (first, second, _), problems = read_all(
        make_file("a.json", array({"label": []}, {"label": []}, {"label": [ENTITY]}))
    )
    assert first.entities == second.entities == () and not problems
    (first, _), problems = read_all(make_file("b.json", array({"label": []}, {"label": ["正"]})))
    assert first.labels == () and not problems


def test_an_empty_label_where_each_text_has_one_is_bad(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.json", array({"label": []}, {"label": "正"}))
    (example,), (problem,) = read_all(path)
    assert example.label == "正"
    assert problem.message.startswith(f"labels, but {path}:1 has a label")
    _, (problem,) = read_all(path, multi_label=False)
    assert problem.message == "0 labels (), expected exactly 1 (--single-label)"


def test_the_kind_of_several_files_is_one(make_file: MakeFile, tmp_path: Path) -> None:
    make_file("a.json", array({"label": []}))
    make_file("b.json", array({"label": ["正"]}))
    assert [example.labels for example in load(tmp_path / "*.json")] == [(), ("正",)]


def test_the_file_is_read_as_a_stream_where_the_first_record_decides(make_file: MakeFile) -> None:
    path = make_file("a.json", array({"label": "正"})[:-1] + ", broken")
    records = read(path)
    assert next(records).label == "正"
    with pytest.raises(DataError, match="invalid JSON"):
        next(records)


def test_texts_alone_have_no_kind(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, problems = read_all(make_file("a.json", array({}, {"label": "正"})), texts_only=True)
    assert [example.label for example in examples] == [None, None] and not problems
