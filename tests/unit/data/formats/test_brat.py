from __future__ import annotations

from pathlib import Path

import pytest

from paddle_ner.data import detect
from paddle_ner.types import Example
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

ANNOTATION = "T1\tPER 0 2\t雷军\nT2\tLOC 4 6\t北京\nR1\tat Arg1:T1 Arg2:T2\n#1\tAnnotatorNotes T1\tnote\n"


def spans(example: Example) -> list[tuple[int, int, str]]:
    return [(entity.start, entity.end, entity.label) for entity in entities_of(example)]


def test_a_document_is_an_example_with_offsets_over_its_lines(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.txt", "雷军在\n北京\n")
    make_file("a.ann", ANNOTATION)
    (example,), problems = read_all(path)
    assert (example.text, spans(example), problems) == ("雷军在\n北京", [(0, 2, "PER"), (4, 6, "LOC")], [])


def test_the_annotation_may_be_named_instead_of_the_text(make_file: MakeFile, read_all: ReadAll) -> None:
    make_file("a.txt", "雷军在\n北京\n")
    assert len(entities_of(read_all(make_file("a.ann", ANNOTATION))[0][0])) == 2


def test_a_folder_is_read_in_order_of_the_names(make_file: MakeFile, read_all: ReadAll, tmp_path: Path) -> None:
    for name in ("b", "a", "sub/c"):
        make_file(f"{name}.txt", "雷军在\n北京")
        make_file(f"{name}.ann", ANNOTATION)
    assert detect(tmp_path).name == "brat"
    assert [example.id for example in read_all(tmp_path)[0]] == ["a", "b", "sub/c"]


@pytest.mark.parametrize("annotation", ["T1\tLOC 3 5\t北京\n", "T1\tLOC 4 6\t北京\n"])
def test_crlf_texts_fit_offsets_counted_with_either_line_end(
    make_file: MakeFile, read_all: ReadAll, annotation: str
) -> None:
    path = make_file("a.txt", "在\r\n北京\r\n" if " 3 5" in annotation else "在\r\n\n北京\r\n")
    make_file("a.ann", annotation)
    (example,), problems = read_all(path)
    assert (entities_of(example)[0].text, problems) == ("北京", [])


def test_offsets_are_code_points(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.txt", "𠮷😀北京")
    make_file("a.ann", "T1\tLOC 2 4\t北京\n")
    assert entities_of(read_all(path)[0][0])[0].text == "北京"


def test_an_entity_over_a_line_end_has_a_space_in_its_surface(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.txt", "北\n京")
    make_file("a.ann", "T1\tLOC 0 3\t北 京\n")
    (example,), problems = read_all(path)
    assert (entities_of(example)[0].text, problems) == ("北\n京", [])


@pytest.mark.parametrize(
    ("text", "ranges", "surface", "whole"),
    [
        ("在北\n京", "1 2;3 4", "北 京", "北\n京"),
        ("在北 \n\n  京", "1 2;7 8", "北 京", "北 \n\n  京"),
        ("在北\r\n京", "1 2;4 5", "北 京", "北\r\n京"),
        ("在北\r\n京", "1 2;3 4", "北 京", "北\n京"),  # counted with LF
        ("在北\n京\n市", "1 2;3 4;5 6", "北 京 市", "北\n京\n市"),
    ],
)
def test_fragments_with_white_space_alone_between_them_are_one_range(
    make_file: MakeFile, read_all: ReadAll, text: str, ranges: str, surface: str, whole: str
) -> None:
    path = make_file("a.txt", text)
    make_file("a.ann", f"T1\tLOC {ranges}\t{surface}\n")
    (example,), problems = read_all(path)
    assert ([entity.text for entity in entities_of(example)], problems) == ([whole], [])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("T2\tLOC 2 3;4 5\t在 京", "discontinuous entity T2: '北' stands between its parts, expected one range"),
        ("T2\tLOC 3 4;2 3\t北 在", "discontinuous entity T2: its parts are out of order, expected one range"),
        ("T2\tLOC 3 5;6 7\t北京 x", "entity LOC at 3..7 is outside the text of 5 characters"),
        ("T2\tLOC 3 4;4 5\t北 东", "entity LOC at 3..5 is '北京' in the text, but the record says '北 东'"),
        ("T1\tLOC 3 5\t北京", "T1 stands on line 1 too, expected each once"),
        ("T2 LOC 3 5 北京", "'T2 LOC 3 5 北京', expected T1<tab>LABEL start end<tab>surface"),
        ("X9", "'X9', expected T1<tab>"),
        ("T2\tLOC 3 9\t北京", "entity LOC at 3..9 is outside the text of 5 characters"),
        ("T2\tLOC 2 4\t北京", "entity LOC at 2..4 is '在北' in the text, but the record says '北京'"),
        ("T2\tLOC 1 3\t军在", "overlapping entities PER 0..2 '雷军' and LOC 1..3 '军在'"),
    ],
)
def test_a_bad_annotation_is_told_with_its_own_file_and_line(
    make_file: MakeFile, read_all: ReadAll, line: str, message: str
) -> None:
    path = make_file("a.txt", "雷军在北京")
    annotation = make_file("a.ann", f"T1\tPER 0 2\t雷军\n{line}\n")
    examples, (problem,) = read_all(path)
    assert not examples
    assert (problem.path, problem.line) == (str(annotation), 2)
    assert problem.message.startswith(message)


def test_a_half_of_a_pair_is_told(make_file: MakeFile, read_all: ReadAll, tmp_path: Path) -> None:
    make_file("a.txt", "好")
    make_file("b.ann", "")
    examples, problems = read_all(tmp_path)
    assert not examples
    assert [problem.message for problem in problems] == [
        "no annotation, expected a.ann beside it, empty if there is none",
        "no text, expected b.txt beside it"]  # fmt: skip
