"""A sentence and the tags of its tokens in two cells of a row, in every format of tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from paddle_ner.data import ReadOptions, detect, load
from paddle_ner.errors import InputError
from paddle_ner.types import Example
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

SENTENCES = [("韩梅在苏州", [(0, 2, "PER"), (3, 5, "LOC")]), ("下雨", [])]
TAGS = [["B-PER", "I-PER", "O", "B-LOC", "I-LOC"], ["O", "O"]]
TOKENS = [list(text) for text, _ in SENTENCES]


def read_back(examples: list[Example]) -> list[tuple[str, list[tuple[int, int, str]]]]:
    return [(one.text, [(entity.start, entity.end, entity.label) for entity in entities_of(one)]) for one in examples]


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def numpy_list(parts: list[str]) -> str:
    return "[" + "\n ".join(f"'{part}'" for part in parts) + "]"


@pytest.mark.parametrize("tag_cell", [" ".join, ", ".join, "\x02".join, "|".join, str, numpy_list])
@pytest.mark.parametrize("token_cell", [" ".join, "".join, "\x02".join, str, numpy_list])
@pytest.mark.parametrize("header", ["text,tags\n", "句子,标签\n", "tokens,ner_tags\n", "甲,乙\n", ""])
def test_tokens_and_tags_in_two_cells_are_entities(
    make_file: MakeFile,
    read_all: ReadAll,
    header: str,
    token_cell: Callable[[object], str],
    tag_cell: Callable[[object], str],
) -> None:
    rows = [
        f"{quoted(token_cell(tokens))},{quoted(tag_cell(tags))}\n" for tokens, tags in zip(TOKENS, TAGS, strict=True)
    ]
    path = make_file("a.csv", header + "".join(rows))
    examples, problems = read_all(path)
    assert (read_back(examples), problems) == (SENTENCES, [])


def test_the_msra_files_of_paddlenlp(make_file: MakeFile, read_all: ReadAll) -> None:
    rows = [f"{chr(2).join(tokens)}\t{chr(2).join(tags)}\n" for tokens, tags in zip(TOKENS, TAGS, strict=True)]
    path = make_file("train.tsv", "text_a\tlabel\n" + "".join(rows))
    assert read_back(read_all(path)[0]) == SENTENCES


@pytest.mark.parametrize(("name", "mark"), [("a.txt", ","), ("a.data", "\t"), ("a", ",")])
def test_they_are_found_whatever_the_file_is_called(
    make_file: MakeFile, read_all: ReadAll, name: str, mark: str
) -> None:
    path = make_file(name, f"韩 梅 在 苏 州{mark}B-PER I-PER O B-LOC I-LOC\n下 雨{mark}O O\n")
    assert read_back(read_all(path)[0]) == SENTENCES


def test_another_delimiter_is_named_and_nothing_is_read_as_columns(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.txt", "韩 梅 在 苏 州|||B-PER I-PER O B-LOC I-LOC\n下 雨|||O O\n")
    with pytest.raises(InputError, match=r"--format csv --delimiter '\|\|\|'"):
        detect(path)
    assert read_back(read_all(path, "csv", delimiter="|||")[0]) == SENTENCES


def test_the_tags_may_stand_first_and_beside_an_id(make_file: MakeFile, read_all: ReadAll) -> None:
    assert (
        read_back(read_all(make_file("a.tsv", "B-PER I-PER O B-LOC I-LOC\t韩 梅 在 苏 州\nO O\t下 雨\n"))[0])
        == SENTENCES
    )
    path = make_file("b.csv", "7,韩 梅 在 苏 州,B-PER I-PER O B-LOC I-LOC\n8,下 雨,O O\n")
    examples, _ = read_all(path)
    assert (read_back(examples), [one.id for one in examples]) == (SENTENCES, ["7", "8"])


def test_words_of_latin_letters_are_joined_by_a_space_which_is_said(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file(
        "a.csv", "Sentence #,Sentence,POS,Tag\n1,Mary Miller left,['P' 'P' 'V'],\"['B-per', 'I-per', 'O']\"\n"
    )
    (example,) = load(path, log=said.append)
    assert (example.text, example.id) == ("Mary Miller left", "1") and read_back([example])[0][1] == [(0, 11, "per")]
    assert any("joined by a space" in line for line in said) and any("not read: POS" in line for line in said)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("下 雨 了,O O", "3 tokens and 2 tags, expected a tag for each token"),
        ("下 雨,", "2 tokens and 0 tags"),
        ("下 雨,O I-LOC", "I-LOC without B-LOC before it"),
        ("下 雨,O X", "'X' is not a tag"),
        ("下 雨", "one column, expected the 2 of the header"),
    ],
)
def test_a_bad_row_is_told(make_file: MakeFile, read_all: ReadAll, row: str, message: str) -> None:
    good = "韩 梅 在 苏 州,B-PER I-PER O B-LOC I-LOC\n"
    examples, (problem,) = read_all(make_file("a.csv", f"text,tags\n{good * 4}{row}\n{good * 4}"))
    assert len(examples) == 8 and problem.line == 6 and problem.message.startswith(message)


def test_a_bad_first_row_is_no_header(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, (problem,) = read_all(make_file("a.csv", "韩 梅,B-PER I-PRE X\n" + "下 雨,O O\n" * 5))
    assert (len(examples), problem.line) == (5, 1) and problem.message.startswith("2 tokens and 3 tags")


def test_a_cell_that_is_no_list_is_told(make_file: MakeFile, read_all: ReadAll) -> None:
    good = "\"['下', '雨']\",\"['O', 'O']\"\n"
    _, (problem,) = read_all(make_file("a.csv", f"tokens,tags\n{good * 5}下雨,\"['O', 'O']\"\n"))
    assert (problem.line, problem.message) == (7, "'下雨' is not a list of strings, expected one as in the rows before")


def test_a_zero_for_o_is_told_in_each_row_and_types_alone_are_read(make_file: MakeFile, read_all: ReadAll) -> None:
    _, problems = read_all(make_file("a.csv", "text,tags\n韩 梅 在,B-PER I-PER 0\n下 雨,0 0\n"))
    assert [problem.line for problem in problems] == [2, 3, 3] and problems[0].message.startswith("'0' is not a tag")
    assert (
        read_back(read_all(make_file("b.csv", "text,tags\n韩 梅 在 苏 州,PER PER O LOC LOC\n下 雨,O O\n"))[0])
        == SENTENCES
    )


def test_tags_that_are_numbers_need_their_names(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.csv", "text,label\n韩 梅 在 苏 州,3 4 0 1 2\n下 雨,0 0\n")
    with pytest.raises(InputError, match="--tag-names"):
        load(path)
    assert read_back(read_all(path, tag_names=("O", "B-LOC", "I-LOC", "B-PER", "I-PER"))[0]) == SENTENCES


def test_a_label_of_the_text_beside_the_tags_is_refused_by_name(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.csv", "text,intent,xs\nfly to Berlin,book,O O B-city\nplay jazz,music,O B-genre\n")
    with pytest.raises(InputError, match=r"may be intent or xs .*--label-field"):
        load(path)
    assert [one.label for one in read_all(path, label_field="intent")[0]] == ["book", "music"]
    assert [len(entities_of(one)) for one in read_all(path, label_field="xs")[0]] == [1, 1]


def test_the_texts_alone_are_those_of_the_tokens(make_file: MakeFile) -> None:
    path = make_file("a.csv", "text,tags\n韩 梅 在 苏 州,B-PER I-PER O B-LOC I-LOC\n下 雨,O O\n")
    assert [one.text for one in load(path, options=ReadOptions(texts_only=True))] == ["韩梅在苏州", "下雨"]


def test_labels_of_several_words_stay_labels(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.csv", "text,label\n好 的,O K\n不 好,not OK\n在 吗,O K\n走 了,0 1\n")
    assert [one.label for one in read_all(path)[0]] == ["O K", "not OK", "O K", "0 1"]


def test_an_option_of_tags_is_refused_where_there_are_none(make_file: MakeFile) -> None:
    with pytest.raises(InputError, match="--token-joiner does nothing, since no column holds a tag for each token"):
        load(make_file("a.csv", "text,label\n好,正\n"), options=ReadOptions(token_joiner=" "))


def test_the_cells_of_a_sheet_and_of_parquet(tmp_path: Path, read_all: ReadAll) -> None:
    openpyxl, pyarrow = pytest.importorskip("openpyxl"), pytest.importorskip("pyarrow")
    from pyarrow import parquet

    cells = [(" ".join(tokens), str(tags)) for tokens, tags in zip(TOKENS, TAGS, strict=True)]
    book = openpyxl.Workbook()
    for row in [("句子", "标注"), *cells]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    columns = [list(column) for column in zip(*cells, strict=True)]
    parquet.write_table(pyarrow.table(dict(zip(("text", "tags"), columns, strict=True))), tmp_path / "a.parquet")
    for name in ("a.xlsx", "a.parquet"):
        assert read_back(read_all(tmp_path / name)[0]) == SENTENCES
