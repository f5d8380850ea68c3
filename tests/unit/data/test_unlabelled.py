from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.data import ReadOptions, unlabelled
from paddle_ner.data.records import Rejected
from paddle_ner.errors import InputError
from paddle_ner.types import Example
from tests.labelled import example_of
from tests.unit.data.conftest import MakeFile

ReadTexts = Callable[..., tuple[list[Example | Rejected], list[str]]]


@pytest.fixture
def texts() -> ReadTexts:
    """The records of a file and what was said of it."""

    def read(path: Path, format: str | None = None, **options: Any) -> tuple[list[Example | Rejected], list[str]]:
        said: list[str] = []
        found = list(unlabelled(path, format, options=ReadOptions(**options), log=said.append))
        return found, said

    return read


def pairs(found: list[Example | Rejected]) -> list[tuple[str, int | str | None, dict[str, Any]]]:
    return [(one.text, one.id, dict(one.fields)) for one in map(example_of, found)]


def test_other_fields_and_ids_are_kept_as_they_are(make_file: MakeFile, texts: ReadTexts) -> None:
    record = {"id": 7, "text": "北京", "source": {"a": 1}, "entities": [], "scores": 1}
    found, _ = texts(make_file("a.jsonl", json.dumps(record) + "\n"))
    assert pairs(found) == [("北京", 7, {"source": {"a": 1}})] and example_of(found[0]).entities is None


def test_records_may_be_annotated_or_not(make_file: MakeFile, texts: ReadTexts) -> None:
    path = make_file("a.jsonl", '{"text": "北京", "label": "x"}\n\n{"text": ""}\n{"text": "上海", "entities": []}\n')
    assert [example_of(one).text for one in texts(path)[0]] == ["北京", "", "上海"]


def test_a_json_array_is_read_as_one(make_file: MakeFile, texts: ReadTexts) -> None:
    path = make_file("a.json", '[{"text": "北京", "n": 1}, {"text": "上海"}]')
    assert pairs(texts(path)[0]) == [("北京", None, {"n": 1}), ("上海", None, {})]


def test_columns_are_read_as_sentences_whatever_the_name(make_file: MakeFile, texts: ReadTexts) -> None:
    path = make_file("a.txt", "王\tB-PER\n芳\tI-PER\n\n好\tO\n")
    assert pairs(texts(path)[0]) == [("王芳", None, {}), ("好", None, {})]


def test_a_table_needs_no_label_and_keeps_its_other_columns(make_file: MakeFile, texts: ReadTexts) -> None:
    found, said = texts(make_file("a.csv", "编号,评论,城市,日期\n1,很好,北京,周一\n2,,上海,周二\n"))
    assert pairs(found) == [
        ("很好", "1", {"城市": "北京", "日期": "周一"}),
        ("", "2", {"城市": "上海", "日期": "周二"}),
    ]
    assert not [line for line in said if "not read" in line]


def test_a_table_without_names_is_read_by_the_column_that_is_named(make_file: MakeFile, texts: ReadTexts) -> None:
    path = make_file("a.csv", "一号,今天很好\n二号,明天不好\n")
    found, _ = texts(path, text_field=2)
    assert [example_of(one).text for one in found] == ["今天很好", "明天不好"]


def test_tasks_of_label_studio_keep_their_data(make_file: MakeFile, texts: ReadTexts) -> None:
    task = {"id": 3, "data": {"text": "北京", "url": "x"}, "annotations": [{"result": []}]}
    found, _ = texts(make_file("a.json", json.dumps([task])))
    assert pairs(found) == [("北京", 3, {"data": {"text": "北京", "url": "x"}})]


def test_tasks_that_nobody_labelled_are_read(make_file: MakeFile, texts: ReadTexts) -> None:
    tasks = [{"id": 3, "data": {"text": "北京"}}, {"id": 4, "data": {"text": "上海"}, "predictions": [{"result": []}]}]
    assert [example_of(one).text for one in texts(make_file("a.json", json.dumps(tasks)))[0]] == ["北京", "上海"]


def test_data_beside_a_text_are_a_field(make_file: MakeFile, texts: ReadTexts) -> None:
    path = make_file("a.json", json.dumps([{"text": "北京", "data": {"a": "b"}}]))
    assert pairs(texts(path)[0]) == [("北京", None, {"data": {"a": "b"}})]


def test_plain_text_is_read_line_by_line_and_an_empty_line_is_a_text(make_file: MakeFile, texts: ReadTexts) -> None:
    path = make_file("a.txt", "今天天气不错\n\n王芳在北京\n")
    found, said = texts(path)
    assert pairs(found) == [("今天天气不错", None, {}), ("", None, {}), ("王芳在北京", None, {})]
    assert said == [f"{path}: in no format of labelled data, so it is read as plain text, one a line"]


def test_a_name_that_says_data_is_never_read_as_plain_text(make_file: MakeFile, texts: ReadTexts) -> None:
    with pytest.raises(InputError, match="cannot tell the format"):
        texts(make_file("a.json", "今天天气不错\n"))


def test_a_bad_record_is_told_with_its_line(make_file: MakeFile, texts: ReadTexts) -> None:
    good, bad = texts(make_file("a.jsonl", '{"text": "好"}\n{"txt": "好"}\n'))[0]
    assert isinstance(good, Example) and isinstance(bad, Rejected) and bad.problems[0].line == 2


def test_a_pipe_is_read_whole(tmp_path: Path, texts: ReadTexts) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    feeder = threading.Thread(target=pipe.write_text, args=("王芳在北京\n他在上海\n",))
    feeder.start()
    found, _ = texts(pipe)
    feeder.join()
    assert [example_of(one).text for one in found] == ["王芳在北京", "他在上海"]
