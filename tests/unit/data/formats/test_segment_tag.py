from __future__ import annotations

import pytest

from paddle_ner.data import ReadOptions, detect, load
from paddle_ner.types import Example
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

WORDS = "19980101-01-001-001/m  韩/nr  梅/nr  在/p  [苏州/ns  大学/n]nt  工作/v  。/w\n"


def spans(example: Example) -> list[tuple[int, int, str]]:
    return [(entity.start, entity.end, entity.label) for entity in entities_of(example)]


def test_the_text_is_the_segments_and_the_labels_are_in_upper_case(make_file: MakeFile, read_all: ReadAll) -> None:
    (example,), problems = read_all(make_file("a.txt", "今天/o 雷军/nr 在/o 北京/ns \n"))
    assert (example.text, spans(example), problems) == ("今天雷军在北京", [(2, 4, "NR"), (5, 7, "NS")], [])


@pytest.mark.parametrize("names", [{"nr": "PER"}, {"NR": "PER"}])
def test_a_label_map_may_name_the_tag_in_either_case(
    make_file: MakeFile, read_all: ReadAll, names: dict[str, str]
) -> None:
    assert spans(read_all(make_file("a.txt", "雷军/nr\n"), label_map=names)[0][0]) == [(0, 2, "PER")]


def test_one_label_map_makes_segments_and_columns_agree(make_file: MakeFile, read_all: ReadAll) -> None:
    names = {"NR": "PER", "NS": "LOC"}
    segments = read_all(make_file("a.txt", "雷军/nr 在/o 北京/ns\n"), label_map=names)[0][0]
    columns = read_all(make_file("b.txt", "雷 B-NR\n军 E-NR\n在 O\n北 B-NS\n京 E-NS\n"), label_map=names)[0][0]
    assert (segments.text, segments.entities) == (columns.text, columns.entities)


def test_a_slash_may_stand_in_a_segment(make_file: MakeFile, read_all: ReadAll) -> None:
    assert read_all(make_file("a.txt", "1/2/o 和//o 北京/ns\n"))[0][0].text == "1/2和/北京"


@pytest.mark.parametrize("part", ["北京", "/ns", "北京/"])
def test_a_part_without_segment_or_tag_is_told(make_file: MakeFile, read_all: ReadAll, part: str) -> None:
    path = make_file("a.txt", f"在/o\n在/o {part} 好/o\n好/o\n")
    examples, (problem,) = read_all(path)
    assert [example.text for example in examples] == ["在", "好"]
    assert problem.line == 2
    assert problem.message.startswith(f"'{part}' at character 1 of the text, expected segment/tag")


def test_parts_of_speech_that_became_entity_types_are_said(make_file: MakeFile) -> None:
    said: list[str] = []
    load(make_file("a.txt", "韩梅/nr 在/p 苏州/ns 工作/v\n周子昂/nr 来/v 了/u\n"), log=said.append)
    (line,) = said
    assert "tags of parts of speech became entity types: P, V, U (--keep-labels NR,NS,NT keeps" in line


@pytest.mark.parametrize("text", ["雷军/nr 在/o 北京/ns\n", "雷军/per 在/o\n"])
def test_names_alone_are_not_taken_for_parts_of_speech(make_file: MakeFile, text: str) -> None:
    said: list[str] = []
    load(make_file("a.txt", text), log=said.append)
    assert said == []


def test_names_can_be_kept_alone(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.txt", "韩梅/nr 在/p 苏州/ns 工作/v\n")
    (example,) = load(path, options=ReadOptions(keep_labels=("NR", "NS")), log=said.append)
    assert spans(example) == [(0, 2, "NR"), (3, 5, "NS")]
    assert said == [f"{path}: left out 2 annotations of other labels (--keep-labels): P 1, V 1"]


def test_the_compounds_and_line_numbers_of_peoples_daily_are_read(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.txt", WORDS)
    assert detect(path).name == "segment-tag"
    (example,), problems = read_all(path, keep_labels=("NR", "NT"))
    assert (example.text, example.id, problems) == ("韩梅在苏州大学工作。", "19980101-01-001-001", [])
    assert spans(example) == [(0, 1, "NR"), (1, 2, "NR"), (3, 7, "NT")]


@pytest.mark.parametrize(
    ("line", "text", "found"),
    [
        ("[苏州/ns 大学/n]/nt 里/f", "苏州大学里", [(0, 4, "NT")]),
        ("[[苏州/ns 大学/n]nt 附中/n]nt", "苏州大学附中", [(0, 6, "NT"), (0, 4, "NT")]),
        ("[/w 苏州/ns ]/w", "[苏州]", []),
        ("[附件/o 苏州/nt", "[附件苏州", [(3, 5, "NT")]),
        ("[注/w [大学/n]nt", "[注大学", [(2, 4, "NT")]),
    ],
)
def test_brackets_are_compounds_only_where_a_tag_closes_them(
    make_file: MakeFile, read_all: ReadAll, line: str, text: str, found: list[tuple[int, int, str]]
) -> None:
    (example,), problems = read_all(make_file("a.txt", line + "\n"), keep_labels=("NT",), overlaps="allow")
    assert (example.text, problems) == (text, [])
    assert sorted(spans(example)) == sorted(found)


def test_a_compound_that_nothing_opens_is_told(make_file: MakeFile, read_all: ReadAll) -> None:
    _, (problem,) = read_all(make_file("a.txt", "苏州/ns 大学/n]nt\n"), "segment-tag")
    assert problem.message == "'大学/n]nt' closes a compound that no [ opens, expected [北京/ns 大学/n]nt"


def test_the_tag_of_a_token_is_no_type_of_a_segment(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, (problem,) = read_all(make_file("a.txt", "韩/B-PER 梅/I-PER 在/O\n下雨/o\n"), "segment-tag")
    assert [one.text for one in examples] == ["下雨"]
    assert problem.line == 1 and problem.message.startswith("'韩/B-PER' has the tag of a token with its position")
