from __future__ import annotations

from pathlib import Path

import pytest

from paddle_ner.data import load
from paddle_ner.errors import InputError
from tests.unit.data.conftest import MakeFile, ReadAll


def test_each_file_is_a_text_and_its_folder_the_label(make_file: MakeFile, read_all: ReadAll, tmp_path: Path) -> None:
    make_file("体育/2.txt", "乙\r\n丙\r\n")
    make_file("体育/1.txt", "甲\n")
    make_file("财经/1.txt", "\ufeff丁")
    make_file(".hidden/1.txt", "x")
    examples, problems = read_all(tmp_path)
    assert [(one.id, one.text, one.label) for one in examples] == [
        ("体育/1", "甲", "体育"), ("体育/2", "乙\r\n丙", "体育"), ("财经/1", "丁", "财经")]  # fmt: skip
    assert examples[0].origin == f"{tmp_path}/体育/1.txt:1" and not problems


def test_gb18030_is_read(make_file: MakeFile, read_all: ReadAll, tmp_path: Path) -> None:
    make_file("体育/1.txt", "镕".encode("gb18030"))
    assert read_all(tmp_path, encoding="gb18030")[0][0].text == "镕"


def test_what_does_not_belong_is_told(make_file: MakeFile, read_all: ReadAll, tmp_path: Path) -> None:
    make_file("体育/1.txt", "甲")
    empty = make_file("体育/2.txt", "\n")
    broken = make_file("体育/3.txt", b"ok\n\xff")
    other = make_file("体育/4.md", "x")
    beside = make_file("README.txt", "x")
    examples, problems = read_all(tmp_path)
    assert len(examples) == 1
    assert {(problem.path, problem.line) for problem in problems} == {
        (str(empty), 1), (str(broken), 2), (str(other), 1), (str(beside), 1)}  # fmt: skip


def test_a_file_is_refused(make_file: MakeFile) -> None:
    with pytest.raises(InputError, match="a file, expected a folder"):
        load(make_file("a.txt", "x"), "folder")
