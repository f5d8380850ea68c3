from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paddle_ner import environment
from paddle_ner.data import detect, load, unlabelled
from paddle_ner.errors import InputError, MissingPackageError
from paddle_ner.types import Example
from tests.labelled import example_of
from tests.unit.data.conftest import ReadAll

openpyxl = pytest.importorskip("openpyxl", reason="pip install 'paddle-ner[tables]'")

MakeBook = Callable[..., Path]


@pytest.fixture
def make_book(tmp_path: Path) -> MakeBook:
    """Write a workbook of sheets, each a name and its rows."""

    def make(name: str = "a.xlsx", **sheets: list[list[Any]]) -> Path:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(tmp_path / name)
        return tmp_path / name

    return make


ROWS = [["编号", "评论", "类别"], [1, "好看", "正"], [None, None, None], [2.0, "难看,真的", "负"], [3, "还行", "正"]]


def pairs(examples: list[Example]) -> list[tuple[str, str | None, int | str | None]]:
    return [(one.text, one.label, one.id) for one in examples]


def test_rows_are_read_as_those_of_a_csv_are(make_book: MakeBook, read_all: ReadAll) -> None:
    path = make_book(Sheet1=ROWS, Sheet2=[])
    assert detect(path).name == "excel"
    examples, problems = read_all(path)
    assert pairs(examples) == [("好看", "正", "1"), ("难看,真的", "负", "2"), ("还行", "正", "3")]
    assert [one.origin for one in examples] == [f"{path}:{number}" for number in (2, 4, 5)]
    assert problems == []


def test_the_content_tells_the_format_whatever_the_name(make_book: MakeBook) -> None:
    assert detect(make_book("a.bin.xlsx", S=ROWS).rename(make_book(S=ROWS).with_name("a"))).name == "excel"


def test_bad_rows_are_told_with_the_number_of_the_row(make_book: MakeBook, read_all: ReadAll) -> None:
    rows = [["text", "label"], ["好", "正"], ["坏"], ["怪", "负", "x"], ["妙", "负"]]
    examples, problems = read_all(make_book(S=rows))
    assert [one.text for one in examples] == ["好", "妙"]
    assert [(one.line, one.message[:30]) for one in problems] == [
        (3, "empty label, expected a name ("), (4, "3 columns, expected the 2 of t"),
    ]  # fmt: skip


def test_of_several_sheets_one_must_be_named(make_book: MakeBook, read_all: ReadAll) -> None:
    path = make_book(训练=ROWS, 测试=ROWS[:2])
    with pytest.raises(InputError, match=re.escape("several sheets (训练, 测试), expected one: --sheet names")):
        read_all(path)
    assert len(read_all(path, sheet="测试")[0]) == 1
    with pytest.raises(InputError, match="no sheet 'x', the workbook has 训练, 测试"):
        read_all(path, sheet="x")


def test_a_wrong_size_in_the_file_loses_no_rows(make_book: MakeBook, read_all: ReadAll, tmp_path: Path) -> None:
    path, wrong = make_book(S=ROWS), tmp_path / "wrong.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(wrong, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                content, count = re.subn(rb'<dimension ref="[^"]+"', b'<dimension ref="A1:A1"', content)
                assert count == 1
            target.writestr(name, content)
    assert pairs(read_all(wrong)[0]) == pairs(read_all(path)[0])


def test_a_prediction_reads_the_texts(make_book: MakeBook) -> None:
    assert [example_of(one).text for one in unlabelled(make_book(S=[["text"], ["好看"], ["难看"]]))] == ["好看", "难看"]


def test_a_damaged_workbook_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"PK\x03\x04" + bytes(50))
    with pytest.raises(InputError, match=r"a\.xlsx: cannot be read as an Excel workbook") as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_a_damaged_sheet_is_one_line(make_book: MakeBook, tmp_path: Path) -> None:
    path, damaged = make_book(S=ROWS), tmp_path / "damaged.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(damaged, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[: len(content) // 2] if name.endswith("sheet1.xml") else content)
    with pytest.raises(InputError, match=r"damaged\.xlsx: cannot be read as an Excel workbook") as caught:
        load(damaged)
    assert "\n" not in str(caught.value)


def test_without_openpyxl_the_extra_is_named(make_book: MakeBook, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_book(S=ROWS)
    monkeypatch.setattr(environment.packages, "is_installed", lambda module: module != "openpyxl")
    with pytest.raises(MissingPackageError) as caught:
        load(path)
    assert str(caught.value) == (
        f"{path}: reading Excel needs openpyxl, which is not installed: pip install 'paddle-ner[tables]'"
    )
