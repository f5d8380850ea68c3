from __future__ import annotations

import pytest


def spans(example):
    return [(entity.start, entity.end, entity.label) for entity in example.entities]


def test_the_text_is_the_segments_and_the_labels_are_in_upper_case(make_file, read_all):
    (example,), problems = read_all(make_file("a.txt", "今天/o 雷军/nr 在/o 北京/ns \n"))
    assert (example.text, spans(example), problems) == ("今天雷军在北京", [(2, 4, "NR"), (5, 7, "NS")], [])


@pytest.mark.parametrize("names", [{"nr": "PER"}, {"NR": "PER"}])
def test_a_label_map_may_name_the_tag_in_either_case(make_file, read_all, names):
    assert spans(read_all(make_file("a.txt", "雷军/nr\n"), label_map=names)[0][0]) == [(0, 2, "PER")]


def test_one_label_map_makes_segments_and_columns_agree(make_file, read_all):
    names = {"NR": "PER", "NS": "LOC"}
    segments = read_all(make_file("a.txt", "雷军/nr 在/o 北京/ns\n"), label_map=names)[0][0]
    columns = read_all(make_file("b.txt", "雷 B-NR\n军 E-NR\n在 O\n北 B-NS\n京 E-NS\n"), label_map=names)[0][0]
    assert (segments.text, segments.entities) == (columns.text, columns.entities)


def test_a_slash_may_stand_in_a_segment(make_file, read_all):
    assert read_all(make_file("a.txt", "1/2/o 和//o 北京/ns\n"))[0][0].text == "1/2和/北京"


@pytest.mark.parametrize("part", ["北京", "/ns", "北京/"])
def test_a_part_without_segment_or_tag_is_told(make_file, read_all, part):
    path = make_file("a.txt", f"在/o\n在/o {part} 好/o\n好/o\n")
    examples, (problem,) = read_all(path)
    assert [example.text for example in examples] == ["在", "好"]
    assert problem.line == 2
    assert problem.message.startswith(f"'{part}' at character 1 of the text, expected segment/tag")
