from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.data import ReadOptions, load, read
from paddle_ner.errors import InputError
from paddle_ner.types import Example
from tests.unit.data.conftest import MakeFile, ReadAll


def pairs(examples: Iterable[Example]) -> list[tuple[str, str | None]]:
    return [(example.text, example.label) for example in examples]


def test_a_header_names_the_columns_in_any_order(make_file: MakeFile, read_all: ReadAll) -> None:
    assert pairs(read_all(make_file("a.tsv", "label\ttext_a\n1\t好\n"))[0]) == [("好", "1")]
    (example,), _ = read_all(make_file("b.csv", "id,Text,Label\n9,好,正\n"))
    assert (example.id, example.text, example.label) == ("9", "好", "正")


def test_without_a_header_the_text_is_first(make_file: MakeFile, read_all: ReadAll) -> None:
    assert pairs(read_all(make_file("a.tsv", "好\t正\n坏\t负\n"))[0]) == [("好", "正"), ("坏", "负")]


def test_column_numbers_count_from_one(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.tsv", "9\t正\t好\n")
    (example,), _ = read_all(path, text_field=3, label_field=2, id_field=1)
    assert (example.id, example.text, example.label) == ("9", "好", "正")


def test_a_named_column_means_a_header(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.csv", "wort,art,rest\n好,正,x\n")
    assert pairs(read_all(path, text_field="wort", label_field="art")[0]) == [("好", "正")]


def test_a_header_can_be_denied(make_file: MakeFile, read_all: ReadAll) -> None:
    assert pairs(read_all(make_file("a.csv", "text,label\n"), header=False)[0]) == [("text", "label")]


def test_a_header_without_label_column_gives_unlabelled_examples(make_file: MakeFile, read_all: ReadAll) -> None:
    assert pairs(read_all(make_file("a.csv", "id,text\n1,好\n"))[0]) == [("好", None)]


def test_quotes_enclose_cells_in_csv_and_are_text_in_tsv(make_file: MakeFile, read_all: ReadAll) -> None:
    quoted = '"好,""真""好\n吗",正\n坏,负\n'
    path = make_file("a.csv", quoted)
    examples, _ = read_all(path)
    assert pairs(examples) == [('好,"真"好\n吗', "正"), ("坏", "负")]
    assert [example.origin for example in examples] == [f"{path}:1", f"{path}:3"]
    assert pairs(read_all(make_file("a.tsv", '"好\t正\n说"坏"\t负\n'))[0]) == [('"好', "正"), ('说"坏"', "负")]


def test_the_quotes_can_be_named(make_file: MakeFile, read_all: ReadAll) -> None:
    assert pairs(read_all(make_file("a.csv", '"好,正\n'), quotes="literal")[0]) == [('"好', "正")]
    assert pairs(read_all(make_file("a.tsv", '"好"\t正\n'), quotes="csv")[0]) == [("好", "正")]


@pytest.mark.parametrize("delimiter", ["|||", "_!_", "||"])
def test_a_delimiter_of_several_characters(make_file: MakeFile, read_all: ReadAll, delimiter: str) -> None:
    path = make_file("a.txt", f'"好"|,{delimiter}正\n坏{delimiter}负\n')
    assert pairs(read_all(path, "csv", delimiter=delimiter)[0]) == [('"好"|,', "正"), ("坏", "负")]


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("|", "'|'"), ("|||", "'|||'"), ("，", "full-width")])
def test_a_delimiter_that_would_part_the_one_column_is_named(
    make_file: MakeFile, read_all: ReadAll, mark: str, name: str
) -> None:
    path = make_file("a.csv", f"text{mark}label\n好{mark}正\n坏{mark}负\n")
    with pytest.raises(InputError, match=re.escape(f"one column, which {name}")) as caught:
        read_all(path)
    assert f"(--delimiter '{mark}')" in str(caught.value)
    assert pairs(read_all(path, delimiter=mark)[0]) == [("好", "正"), ("坏", "负")]


def test_another_delimiter(make_file: MakeFile, read_all: ReadAll) -> None:
    assert pairs(read_all(make_file("a.csv", "好;正\n"), delimiter=";")[0]) == [("好", "正")]


def test_labels_are_named_by_a_file(make_file: MakeFile, read_all: ReadAll) -> None:
    names = make_file("class.txt", "finance\nrealty")
    path = make_file("a.txt", "甲\t1\n乙\tfinance\n丙\t2\n")
    examples, (problem,) = read_all(path, label_file=names)
    assert [example.label for example in examples] == ["realty", "finance"]
    assert problem.line == 3
    assert problem.message == f"unknown label '2', expected an index from 0 to 1 or a name of {names}"


@pytest.mark.parametrize(("names", "line"), [("a\n\nb\n", 2), ("a\nb\na\n", 3)])
def test_a_bad_file_of_names_is_refused(make_file: MakeFile, names: str, line: int) -> None:
    path = make_file("class.txt", names)
    with pytest.raises(InputError, match=rf"class\.txt:{line}: "):
        load(make_file("a.tsv", "甲\t1\n"), options=ReadOptions(label_file=path))


def test_a_separator_gives_several_labels(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.tsv", "甲\t正|短\n乙\t正\n丙\t\n")
    assert [example.labels for example in read_all(path, label_separator="|")[0]] == [("正", "短"), ("正",), ()]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("好", "one column, expected 2, separated by a tab"),
        ("好\t正\tx", "3 columns, expected 2, separated by a tab"),
        ("\t正", "empty text"),
        ("\t", "empty text"),
        ("好\t", "empty label, expected a name"),
        ("1\t" + "长" * 70, "label of 70 characters (长长长长长长长长长长长长长长长长长长长长…), expected at most 64"),
    ],
)
def test_a_bad_row_is_told(make_file: MakeFile, read_all: ReadAll, row: str, message: str) -> None:
    examples, problems = read_all(make_file("a.tsv", f"甲\t正\n{row}\n乙\t负\n"))
    assert len(examples) == 2
    assert {problem.line for problem in problems} == {2} and problems[0].message.startswith(message)


def test_the_count_of_a_header_is_named(make_file: MakeFile, read_all: ReadAll) -> None:
    _, (problem,) = read_all(make_file("a.csv", "text,label\n好\n"))
    assert (problem.line, problem.message) == (2, "one column, expected the 2 of the header, separated by a comma")


def test_bad_quoting_is_told(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, (problem,) = read_all(make_file("a.csv", '好,正\n"好"x,正\n坏,负\n'))
    assert len(examples) == 2
    assert problem.line == 2 and problem.message.startswith("bad quoting: ") and "--quotes literal" in problem.message


def test_a_quote_that_is_never_closed_is_told_where_it_opens(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, (problem,) = read_all(make_file("a.csv", '好,正\n"坏,负\n甲,乙\n'))
    assert pairs(examples) == [("好", "正"), ("甲", "乙")] and problem.line == 2


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_invalid_utf8_is_told(make_file: MakeFile, read_all: ReadAll, name: str) -> None:
    mark = b"," if name == "a.csv" else b"\t"
    path = make_file(name, b"a" + mark + b"1\n\xff" + mark + b"1\nb" + mark + b"1\n")
    examples, (problem,) = read_all(path)
    assert pairs(examples) == [("a", "1"), ("b", "1")]
    assert problem.line == 2 and problem.message.startswith("invalid UTF-8: byte 0xFF at byte 1 of the line")


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("好,正\n", {"text_field": 3}, "a.csv:1: no column 3, the row has 2"),
        ("text,label\n", {"text_field": "x"}, "a.csv:1: no column 'x', the header has text, label"),
        ("a,b\n", {"text_field": "a", "header": False}, "a.csv:1: no column 'a', the file has no header"),
        ("text,foo\n", {}, "a.csv:1: no label among text, foo"),
        ("foo,label\n", {"header": True}, "a.csv:1: no text among foo, label"),
        ("好\n", {}, "a.csv:1: one column, expected a text and a label"),
    ],
)
def test_columns_that_cannot_be_told_are_refused(
    make_file: MakeFile, content: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        load(make_file("a.csv", content), options=ReadOptions(**options))
    assert message in str(caught.value)


# Python's csv writes NUL from 3.11 on.
CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), min_size=1).filter(str.strip)


@given(st.lists(st.tuples(CELL, st.sampled_from("甲乙")), min_size=1, max_size=5))
def test_texts_written_as_csv_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    path = tmp_path_factory.getbasetemp() / "hypothesis.csv"
    path.write_text(stream.getvalue(), "utf-8-sig", newline="")
    options = ReadOptions(header=False, text_field=1, label_field=2)
    assert pairs(read(path, "csv", options=options)) == rows


@pytest.mark.parametrize("options", [{"multi_label": True}, {"label_separator": "|"}])
def test_an_empty_cell_of_the_label_column_is_none_of_several_labels(
    make_file: MakeFile, read_all: ReadAll, options: dict[str, Any]
) -> None:
    path = make_file("a.csv", "text,label\n球,体育\n无,\n空, \n股,财经\n")
    examples, problems = read_all(path, **options)
    assert [example.labels for example in examples] == [("体育",), (), (), ("财经",)]
    assert problems == []


def test_an_empty_cell_is_no_class_and_the_message_leads_on(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, (problem,) = read_all(make_file("a.csv", "text,label\n球,体育\n无,\n股,财经\n"))
    assert ([example.label for example in examples], problem.line) == (["体育", "财经"], 3)
    assert "--multi-label reads an empty cell as none of the labels" in problem.message


@pytest.mark.parametrize(("one", "zero"), [("1", "0"), ("1.0", "0.0"), ("True", "False"), ("是", "否"), ("1", "")])
@pytest.mark.parametrize("first", ["text,", "id,text,"])
def test_a_column_of_zero_and_one_for_each_class(
    make_file: MakeFile, read_all: ReadAll, one: str, zero: str, first: str
) -> None:
    rows = [("球", one, zero, zero), ("股", zero, one, zero), ("芯", zero, one, one), ("无", zero, zero, zero)]
    lines = [",".join((str(n), *row) if first.startswith("id") else row) for n, row in enumerate(rows, 1)]
    path = make_file("a.csv", "\n".join([first + "体育,财经,科技", *lines]) + "\n")
    examples, problems = read_all(path)
    assert [(one.text, one.labels) for one in examples] == [
        ("球", ("体育",)), ("股", ("财经",)), ("芯", ("财经", "科技")), ("无", ()),
    ]  # fmt: skip
    assert problems == []


def test_one_column_of_zero_and_one_is_a_class(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, problems = read_all(make_file("a.csv", "text,is_spam\n好,0\n坏,1\n怪,1\n妙,0\n"))
    assert ([example.label for example in examples], problems) == (["0", "1", "1", "0"], [])
