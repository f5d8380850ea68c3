"""Tables with a token and its tag a row, as Kaggle's.

Tests `paddle_ner.data.tables.tokens` too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.data import ReadOptions, detect, load, unlabelled
from paddle_ner.errors import InputError
from paddle_ner.types import Example
from tests.labelled import entities_of, example_of
from tests.unit.data.conftest import MakeFile, ReadAll

ROWS = [
    *[("1", token, tag) for token, tag in zip("王芳在北京", ("B-PER", "I-PER", "O", "B-LOC", "I-LOC"), strict=True)],
    *[("2", token, tag) for token, tag in zip("他去上海", ("O", "O", "B-LOC", "I-LOC"), strict=True)],
]
SENTENCES = [("王芳在北京", [(0, 2, "PER"), (3, 5, "LOC")]), ("他去上海", [(2, 4, "LOC")])]
KAGGLE = """Sentence #,Word,POS,Tag
Sentence: 1,They,PRP,O
,visit,VB,O
,New,NNP,B-geo
,York,NNP,I-geo
,"\""\",``,O
Sentence: 2,Bye,UH,O
"""


def table(rows: Iterable[Sequence[str]], mark: str = ",") -> str:
    return "".join(mark.join(row) + "\n" for row in rows)


def read_back(examples: list[Example]) -> list[tuple[str, list[tuple[int, int, str]]]]:
    return [(one.text, [(entity.start, entity.end, entity.label) for entity in entities_of(one)]) for one in examples]


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        load(path, options=ReadOptions(**options))
    return str(caught.value)


def test_the_sentence_may_be_named_in_its_first_row_alone(make_file: MakeFile) -> None:
    said: list[str] = []
    examples = load(make_file("ner.csv", KAGGLE), log=said.append)
    assert read_back(examples) == [('They visit New York "', [(11, 19, "geo")]), ("Bye", [])]
    assert [one.id for one in examples] == ["Sentence: 1", "Sentence: 2"]
    assert any("tokens by Word, tags by Tag, sentences by Sentence #" in line for line in said)
    assert any("column not read: POS" in line for line in said)


@pytest.mark.parametrize(("name", "mark"), [("a.csv", ","), ("a.tsv", "\t"), ("a.txt", "\t")])
@pytest.mark.parametrize("header", ["Sentence #,Word,Tag", "sentence_id,token,ner_tags", "句子编号,字,标注", None])
def test_the_sentence_may_be_named_in_each_row(
    make_file: MakeFile, read_all: ReadAll, name: str, mark: str, header: str | None
) -> None:
    path = make_file(name, table([*([header.split(",")] if header else []), *ROWS], mark))
    examples, problems = read_all(path)
    assert (read_back(examples), problems) == (SENTENCES, [])
    assert [one.id for one in examples] == ["1", "2"]


@pytest.mark.parametrize("between", ["\n", ",\n", "\n\n"])
@pytest.mark.parametrize("header", ["token,label\n", ""])
def test_blank_rows_may_part_the_sentences(make_file: MakeFile, read_all: ReadAll, header: str, between: str) -> None:
    first, second = (table(row[1:] for row in ROWS if row[0] == number) for number in "12")
    assert read_back(read_all(make_file("a.csv", f"{header}{first}{between}{second}"))[0]) == SENTENCES


def test_other_columns_are_left_out(make_file: MakeFile, read_all: ReadAll) -> None:
    rows = [(str(index), *row[:2], row[2].replace("PER", "NP").replace("LOC", "NP"), row[2]) for index, row in
            enumerate(ROWS)]  # fmt: skip
    path = make_file("a.csv", ",sentence_id,words,chunk,ner\n" + table(rows))
    assert read_back(read_all(path)[0]) == SENTENCES
    chunks = [(text, [(start, end, "NP") for start, end, _ in spans]) for text, spans in SENTENCES]
    assert read_back(read_all(path, label_field="chunk")[0]) == chunks


def test_sentences_that_are_numbered_anew_in_each_document(make_file: MakeFile, read_all: ReadAll) -> None:
    rows = [(document, *row) for document in "12" for row in ROWS]
    examples, problems = read_all(make_file("a.csv", "doc,sent,token,tag\n" + table(rows)))
    assert (read_back(examples), problems) == (SENTENCES * 2, [])
    assert [one.id for one in examples] == ["1/1", "1/2", "2/1", "2/2"]


@pytest.mark.parametrize("header", ["sentence_id,字,标签\n", ""])
def test_types_without_a_position(make_file: MakeFile, read_all: ReadAll, header: str) -> None:
    rows = [(*row[:2], row[2].rpartition("-")[2]) for row in ROWS]
    parted = table(row[1:] for row in rows[:5]) + "\n" + table(row[1:] for row in rows[5:])
    path = make_file("a.csv", header + table(rows) if header else parted)
    assert read_back(read_all(path)[0]) == SENTENCES


def test_sentences_of_nothing_but_entities(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.csv", "王,B-PER\n芳,I-PER\n\n北,B-LOC\n京,I-LOC\n")
    assert read_back(read_all(path)[0]) == [("王芳", [(0, 2, "PER")]), ("北京", [(0, 2, "LOC")])]


def test_nothing_that_parts_sentences_is_refused(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.csv", "token,label\n" + table(row[1:] for row in ROWS))
    assert refusal(path).endswith(
        "a.csv:1: a token and its tag a row, and nothing says where a sentence begins: expected a column that numbers"
        " the sentences (--id-field names it) or blank lines between them (--text-field and --label-field together read"
        " each row as a text and its class)"
    )
    (first, *_), _ = read_all(path, text_field="token", label_field="label")
    assert (first.text, first.label) == ("王", "B-PER")


def test_two_readings_are_refused_until_the_column_is_named(make_file: MakeFile, read_all: ReadAll) -> None:
    tags = [(*row, row[2].replace("PER", "NP").replace("LOC", "NP")) for row in ROWS]
    path = make_file("a.csv", "sentence_id,token,x,z\n" + table(tags))
    assert "the tags may be x or z, expected one: --label-field names it" in refusal(path)
    assert read_back(read_all(path, label_field="x")[0]) == SENTENCES
    words = [(*row[:2], "a", row[2]) for row in ROWS]
    path = make_file("b.csv", table(words))
    assert "the tokens may be 王 or a, expected one: --text-field names it" in refusal(path)
    assert read_back(read_all(path, text_field=2)[0]) == SENTENCES


def test_a_bad_row_makes_the_sentences_bad_that_it_may_belong_to(make_file: MakeFile, read_all: ReadAll) -> None:
    lines = ["sentence,token,tag", *(",".join(row) for row in ROWS)]
    examples, problems = read_all(make_file("a.csv", "\n".join([*lines[:6], "2,他", *lines[7:], "3,好,O"]) + "\n"))
    assert read_back(examples) == [("好", [])]
    assert [(problem.line, problem.message) for problem in problems] == [
        (7, "2 columns, expected the 3 of the header, separated by a comma"),
        (8, "the row on line 7 is bad and may be the first of this sentence"),
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,晚,O", "sentence 1 has rows from line 2 on, expected all of them together"),
        ("3,晚,X-1", "'X-1' is not a tag"),
        ("3,晚,0", "'0' is not a tag"),
        ("3,晚,I-LOC", "I-LOC without B-LOC before it"),
        ("3,,O", "no token beside the tag 'O'"),
    ],
)
def test_a_bad_row_is_told_by_its_line(make_file: MakeFile, read_all: ReadAll, row: str, message: str) -> None:
    examples, (problem,) = read_all(make_file("a.csv", "sentence,token,tag\n" + table(ROWS) + row + "\n"))
    assert read_back(examples) == SENTENCES
    assert problem.line == 11 and problem.message.startswith(message)


def test_texts_to_label_need_no_tags(make_file: MakeFile) -> None:
    path = make_file("a.csv", "Sentence #,Word\n1,王芳\n,在\n,北京\n2,他\n,来\n")
    assert [(one.id, one.text) for one in map(example_of, unlabelled(path))] == [("1", "王芳在北京"), ("2", "他来")]
    path = make_file("b.csv", table(ROWS))
    assert [(one.id, one.text) for one in map(example_of, unlabelled(path))] == [("1", "王芳在北京"), ("2", "他去上海")]


def test_an_option_for_other_tables_is_refused(make_file: MakeFile) -> None:
    message = refusal(make_file("a.csv", table(ROWS)), label_separator="|")
    assert "--label-separator does nothing for a token and its tag a row" in message


def test_columns_without_one_of_sentences_stay_conll(make_file: MakeFile) -> None:
    rows = [("1", "王", "B-PER"), ("2", "芳", "I-PER"), ("3", "在", "O")]
    assert detect(make_file("a.txt", table(rows, "\t") + "\n" + table(rows, "\t"))).name == "conll"
    assert detect(make_file("b.tsv", table((row[1:] for row in rows), "\t"))).name == "conll"


def test_a_sheet_of_excel(tmp_path: Path, read_all: ReadAll) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in [("Sentence #", "Word", "Tag"), *((int(number), *rest) for number, *rest in ROWS)]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    assert read_back(read_all(tmp_path / "a.xlsx")[0]) == SENTENCES
