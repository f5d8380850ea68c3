"""The columns of tables as they are read: names, cells, header and choice together.

Tests `paddle_ner.data.tables.cells`, `paddle_ner.data.tables.choice`, `paddle_ner.data.tables.columns` and
`paddle_ner.data.tables.header` too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paddle_ner.data import ReadOptions, load
from paddle_ner.errors import InputError
from paddle_ner.types import Example
from tests.unit.data.conftest import MakeFile, ReadAll
from tests.unit.data.writers.conftest import Write


def pairs(examples: list[Example]) -> list[tuple[str, str | None]]:
    return [(example.text, example.label) for example in examples]


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        load(path, options=ReadOptions(**options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


REVIEWS = [
    "物流很快包装也好",
    "屏幕碎了还不退",
    "味道很好下次再来",
    "等位太久再也不来",
    "客服很有耐心",
    "电池用了两天就坏",
]


def test_chinese_names_tell_text_label_and_id(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, problems = read_all(
        make_file("a.csv", f"编号,评论内容,情感倾向\n1,{REVIEWS[0]},好评\n2,{REVIEWS[1]},差评\n")
    )
    assert pairs(examples) == [(REVIEWS[0], "好评"), (REVIEWS[1], "差评")]
    assert [example.id for example in examples] == ["1", "2"] and not problems


def test_one_known_name_is_enough_for_a_header(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.tsv", f"x1\tlabel\n{REVIEWS[0]}\t好评\n{REVIEWS[1]}\t差评\n{REVIEWS[2]}\t好评\n")
    assert pairs(read_all(path)[0]) == [(REVIEWS[0], "好评"), (REVIEWS[1], "差评"), (REVIEWS[2], "好评")]


def test_a_first_row_that_may_be_a_header_is_refused(make_file: MakeFile, read_all: ReadAll) -> None:
    rows = [(text, "好" if index % 2 else "差") for index, text in enumerate(REVIEWS)]
    path = make_file("a.tsv", "甲乙\t丙丁\n" + "".join(f"{text}\t{label}\n" for text, label in rows))
    assert "--header or --no-header" in refusal(path)
    assert pairs(read_all(path, header=False)[0]) == [("甲乙", "丙丁"), *rows]


def test_the_column_that_repeats_is_the_label(make_file: MakeFile, read_all: ReadAll) -> None:
    rows = [(text, str(index % 2)) for index, text in enumerate(REVIEWS)]
    path = make_file("a.tsv", "".join(f"{label}\t{text}\n" for text, label in rows))
    assert pairs(read_all(path)[0]) == rows


def test_columns_without_names_that_fit_two_readings_are_refused(make_file: MakeFile) -> None:
    path = make_file("a.csv", "".join(f"{text},{text[::-1]},{text[1:]}\n" for text in REVIEWS))
    message = refusal(path)
    assert all(option in message for option in ("--text-field", "--label-field", "--header"))


def test_two_names_of_a_text_are_refused(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.csv", f"内容,标题,标签\n{REVIEWS[0]},物流,好评\n")
    assert "--text-field" in refusal(path)
    assert pairs(read_all(path, text_field="标题")[0]) == [("物流", "好评")]


LABELS = ["好评", "差评", "好评", "差评", "好评", "差评"]
ROWS = list(zip(REVIEWS, LABELS, strict=True))


@pytest.mark.parametrize(
    "texts", [REVIEWS, ["a very good place", "bad food and cold", "we come again soon", "too slow by far"]]
)
def test_two_words_above_texts_and_labels_may_be_a_header(
    make_file: MakeFile, read_all: ReadAll, texts: list[str]
) -> None:
    rows = list(zip(texts, LABELS))  # noqa: B905
    path = make_file("a.csv", "foo,bar\n" + "".join(f"{text},{label}\n" for text, label in rows))
    assert "foo, bar may be the names of the columns or the first record" in refusal(path)
    assert pairs(read_all(path, header=True)[0]) == rows


@pytest.mark.parametrize("rows", ["1\t很好\n0\t很差\n", "5\t东西不错\n", "体育\t国足客场输球\n财经\t股市大幅下跌\n"])
def test_what_is_shorter_than_a_text_is_not_read_as_the_text_in_a_short_file_either(
    make_file: MakeFile, rows: str
) -> None:
    assert "--text-field" in refusal(make_file("a.tsv", rows))


def test_a_header_that_comes_again_is_no_record(make_file: MakeFile, read_all: ReadAll) -> None:
    rows = "".join(f"{text},{label}\n" for text, label in ROWS)
    examples, (problem,) = read_all(make_file("a.csv", f"text,label\n{rows}text, label\n{rows}"))
    assert pairs(examples) == [*ROWS, *ROWS]
    assert problem.line == 8 and problem.message.startswith("the names of the columns again")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_the_line_by_which_excel_is_told_the_delimiter(make_file: MakeFile, read_all: ReadAll, mark: str) -> None:
    rows = "".join(f"{text}{mark}{label}\n" for text, label in ROWS)
    examples, problems = read_all(make_file("a.csv", f"sep={mark}\ntext{mark}label\n{rows}"))
    assert (pairs(examples), problems) == (ROWS, [])


@pytest.mark.parametrize("row", ["{},{},", ",{},{}", "{},,{}"])
def test_empty_columns_without_names_are_none(make_file: MakeFile, read_all: ReadAll, row: str) -> None:
    path = make_file("a.csv", "".join(row.format(text, label) + "\n" for text, label in ROWS))
    examples, problems = read_all(path)
    assert (pairs(examples), problems) == (ROWS, [])


def test_notes_in_brackets_are_no_part_of_a_name(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.csv", f"ID,评论(content),情感标签（1正0负）\n7,{REVIEWS[0]},1\n8,{REVIEWS[1]},0\n")
    examples, _ = read_all(path)
    assert pairs(examples) == [(REVIEWS[0], "1"), (REVIEWS[1], "0")] and examples[0].id == "7"


def test_a_question_and_its_answer_are_a_pair_of_texts(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.csv", "问题,回答,标签\n" + "".join(f"{text},{text[::-1]},{label}\n" for text, label in ROWS))
    assert "问题 and 回答 may be a pair of texts" in refusal(path)
    assert pairs(read_all(path, text_field="问题")[0]) == ROWS
    assert [one.text for one in read_all(path, texts_only=True)[0]] == REVIEWS
    answers = make_file("b.csv", "question,answer\n" + "".join(f"{text},{label}\n" for text, label in ROWS))
    assert pairs(read_all(answers)[0]) == ROWS


@pytest.mark.parametrize("header", ["", '"text"\t"label"\n', '"评论"\t"情感"\n'])
def test_a_tsv_whose_cells_all_stand_in_quotes(make_file: MakeFile, header: str) -> None:
    said: list[str] = []
    path = make_file("a.tsv", header + "".join(f'"{text}, ""真""的"\t"{label}"\n' for text, label in ROWS))
    assert pairs(load(path, log=said.append)) == [(f'{text}, "真"的', label) for text, label in ROWS]
    assert said == [f"{path}: cells stand in quotes, which are left out (--quotes literal keeps them)"]
    kept = load(path, options=ReadOptions(quotes="literal", header=bool(header)))
    assert kept[0].text == f'"{REVIEWS[0]}, ""真""的"'


@pytest.mark.parametrize("values", ["123456", ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"], REVIEWS[::-1]])
def test_a_second_column_whose_values_stand_once_may_be_no_label(
    make_file: MakeFile, read_all: ReadAll, values: list[str] | str
) -> None:
    rows = list(zip(REVIEWS, values))  # noqa: B905
    path = make_file("a.tsv", "".join(f"{text}\t{value}\n" for text, value in rows))
    assert "each value of the second column stands once" in refusal(path)
    assert pairs(read_all(path, text_field=1, label_field=2)[0]) == rows


def test_a_header_behind_another_line_is_refused(make_file: MakeFile, read_all: ReadAll) -> None:
    rows = "".join(f"{text},{label}\n" for text, label in ROWS)
    path = make_file("a.csv", f"# 来源,网络\ntext,label\n{rows}")
    assert "a row below it names the columns (text, label)" in refusal(path)
    assert len(read_all(path, header=False)[0]) == 8


@pytest.mark.parametrize(
    ("header", "row"),
    [("文本,实体,类型", "{0},{0},PER"), ("text,entity,type", "{0},x,PER"), ("text,start,label", "{0},0,PER")],
)
def test_an_entity_a_row_without_its_offsets_is_refused(
    make_file: MakeFile, read_all: ReadAll, header: str, row: str
) -> None:
    path = make_file("a.csv", f"{header}\n" + "".join(row.format(text) + "\n" for text in REVIEWS))
    assert "an entity a row" in refusal(path)
    assert [one.text for one in read_all(path, texts_only=True)[0]] == REVIEWS


@pytest.mark.parametrize("name", ["label", "entities"])
def test_objects_in_the_cells_of_the_label_are_refused(make_file: MakeFile, name: str) -> None:
    cell = '"{""start"": 0, ""end"": 2, ""label"": ""X""}"'
    path = make_file("a.csv", f"text,{name}\n" + "".join(f"{text},{cell}\n" for text in REVIEWS))
    assert "label cells hold JSON objects" in refusal(path)


@pytest.mark.parametrize(
    "write", [str, lambda names: str(names).replace("'", '""'), lambda names: str(names).replace(",", "")]
)
def test_lists_in_the_cells_of_the_label_are_several_labels(
    make_file: MakeFile, read_all: ReadAll, write: Write
) -> None:
    rows = [["物流", "好评"], [], ["好评"]]
    path = make_file("a.csv", "text,labels\n" + "".join(f'{text},"{write(row)}"\n' for text, row in zip(REVIEWS, rows)))  # noqa: B905
    assert [one.labels for one in read_all(path)[0]] == [("物流", "好评"), (), ("好评",)]


def test_label_cells_with_a_separator_are_said(make_file: MakeFile) -> None:
    said: list[str] = []
    rows = "".join(f'{text},"物流,{label}"\n' for text, label in ROWS)
    assert len(load(make_file("a.csv", f"text,label\n{rows}"), log=said.append)) == 6
    assert "label cells hold ',' and are read as one label each: --label-separator ',' parts them" in said[0]


def test_tabs_under_the_name_of_a_csv_are_named(make_file: MakeFile) -> None:
    path = make_file("a.csv", "text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in ROWS))
    assert "one column, which tabs part (--delimiter tab)" in refusal(path)
