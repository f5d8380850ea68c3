"""Tables with an entity a row, and with the entities of a text as a list in a cell."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from paddle_ner.data import ReadOptions, load, unlabelled
from paddle_ner.errors import InputError
from paddle_ner.types import Example
from tests.labelled import entities_of, example_of
from tests.unit.data.conftest import MakeFile, ReadAll

EXPECTED = [("王小明在北京", [(0, 3, "PER"), (4, 6, "LOC")]), ("李雷在上海", [(0, 2, "PER")])]
ENTITIES = [(text, *span) for text, spans in EXPECTED for span in spans]


def read_back(examples: list[Example]) -> list[tuple[str, list[tuple[int, int, str]]]]:
    return [(one.text, [(entity.start, entity.end, entity.label) for entity in entities_of(one)]) for one in examples]


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("text,start,end,label", "{text},{start},{end},{label}"),
        ("label,begin,end,sentence", "{label},{start},{end},{text}"),
        ("文本,实体,开始,结束,类型", "{text},{surface},{start},{end},{label}"),
        ("文本,开始位置,结束位置,类别,实体名称", "{text},{start},{last},{label},{surface}"),
        ("text,offset,length,type", "{text},{start}.0,{length},{label}"),
        ("content,Start Offset,End Offset,tag,entity", "{text},{start},{end},{label},{surface}"),
    ],
)
def test_the_entities_of_a_text_are_put_together(make_file: MakeFile, read_all: ReadAll, header: str, row: str) -> None:
    rows = [
        row.format(
            text=text, start=start, end=end, last=end - 1, length=end - start, label=label, surface=text[start:end]
        )
        for text, start, end, label in ENTITIES
    ]
    examples, problems = read_all(make_file("a.csv", "\n".join([header, *rows]) + "\n"))
    assert (read_back(examples), problems) == (EXPECTED, [])


def test_texts_to_label_are_those_of_the_rows(make_file: MakeFile) -> None:
    path = make_file("a.csv", "text,start,end,label\n在北京,1,3,LOC\n好,x,,\n在北京,0,1,P\n")
    assert [example_of(one).text for one in unlabelled(path)] == ["在北京", "好"]


def test_texts_are_told_apart_by_their_ids_unless_those_are_of_rows(make_file: MakeFile, read_all: ReadAll) -> None:
    header = "id,text,start,end,label\n"
    path = make_file("a.csv", header + "7,在北京,1,3,LOC\n8,在北京,1,3,LOC\n8,在北京,0,1,P\n")
    examples, _ = read_all(path)
    assert [(one.id, len(entities_of(one))) for one in examples] == [("7", 1), ("8", 2)]
    examples, _ = read_all(make_file("b.csv", header + "1,在北京,1,3,LOC\n2,好,,,\n3,在北京,0,1,P\n"))
    assert [(one.id, len(entities_of(one))) for one in examples] == [(None, 2), (None, 0)]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("好,x,1,PER", "\"start\" is 'x', expected a whole number of code points"),
        ("好,0,9,PER", "entity PER at 0..9"),
        ("好,0,1,", 'an entity has no "label"'),
        ("好,0,1", "3 columns, expected the 4 of the header, separated by a comma"),
    ],
)
def test_a_bad_row_is_told_by_its_line(make_file: MakeFile, read_all: ReadAll, row: str, message: str) -> None:
    examples, (problem,) = read_all(make_file("a.csv", f"text,start,end,label\n在北京,1,3,LOC\n{row}\n"))
    assert read_back(examples) == [("在北京", [(1, 3, "LOC")])]
    assert problem.line == 3 and problem.message.startswith(message)


def test_ends_that_nothing_proves_are_refused(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, problems = read_all(make_file("a.csv", "text,start_pos,end_pos,label\n在北京好,1,2,LOC\n"))
    assert not examples and 'nothing proves whether "end_pos" is inclusive' in problems[0].message


def test_starts_and_ends_that_are_times_are_of_no_entity(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.csv", "标题,开始,结束,类型\n开会,2020-01-01,2020-01-02,工作\n吃饭,2020-01-03,2020-01-04,生活\n")
    assert [one.label for one in read_all(path)[0]] == ["工作", "生活"]
    assert [example_of(one).text for one in unlabelled(path)] == ["开会", "吃饭"]


def test_a_class_beside_columns_of_an_entity_is_read_where_it_is_named(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.csv", "text,start,end,label\n在北京,1,3,LOC\n")
    (example,) = read_all(path, text_field="text", label_field="label")[0]
    assert (example.label, example.entities) == ("LOC", None)


@pytest.mark.parametrize("write", [json.dumps, str])
@pytest.mark.parametrize("as_triples", [False, True])
@pytest.mark.parametrize("header", ["text,entities\n", "文本,标签\n", ""])
def test_entities_in_a_cell(
    make_file: MakeFile, read_all: ReadAll, header: str, as_triples: bool, write: Callable[[object], str]
) -> None:
    rows = [
        f"{text},{quoted(write([list(span) if as_triples else dict(zip(('start', 'end', 'label'), span, strict=True)) for span in spans]))}\n"  # noqa: E501
        for text, spans in [*EXPECTED, ("好", [])]
    ]
    examples, problems = read_all(make_file("a.csv", header + "".join(rows)))
    assert (read_back(examples), problems) == ([*EXPECTED, ("好", [])], [])


def test_a_class_beside_entities_is_refused_until_one_is_named(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.csv", 'text,label,entities\n在北京,新闻,"[[1, 3, ""LOC""]]"\n')
    with pytest.raises(InputError, match=r"the label may be label or entities \(entities holds entities\)"):
        load(path)
    assert read_all(path, label_field="label")[0][0].label == "新闻"
    assert read_back(read_all(path, label_field="entities")[0]) == [("在北京", [(1, 3, "LOC")])]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("坏", "'坏' is no list of entities, expected one"),
        ("[[1, 2]]", "an entity is [1, 2], expected"),
        ('{""a"": 1}', "'{\"a\": 1}' is no list of entities"),
    ],
)
def test_a_bad_cell_is_told_by_its_line(make_file: MakeFile, read_all: ReadAll, cell: str, message: str) -> None:
    rows = '在北京,"[[1, 3, ""LOC""]]"\n' * 5
    examples, (problem,) = read_all(make_file("a.csv", f'text,entities\n{rows}好,"{cell}"\n'))
    assert len(examples) == 5 and problem.line == 7 and problem.message.startswith(message)


def test_offsets_of_tables_are_in_the_unit_that_is_named(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.csv", "text,start,end,label\n😀在北京好,3,5,LOC\n")
    assert read_back(read_all(path, offsets="utf-16")[0]) == [("😀在北京好", [(2, 4, "LOC")])]
    said: list[str] = []
    load(path, log=said.append)
    assert any("--offsets utf-16" in line for line in said)


def test_tokens_are_in_code_points_and_nothing_is_said(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.csv", "text,label\n😀 在 北 京,O O B-LOC I-LOC\n")
    assert read_back(load(path, log=said.append)) == [("😀在北京", [(2, 4, "LOC")])]
    assert said == []
    with pytest.raises(InputError, match="--offsets does nothing for a table without offsets"):
        load(path, options=ReadOptions(offsets="utf-16"))
