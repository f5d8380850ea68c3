from __future__ import annotations

import pytest

from paddle_ner.data import detect
from paddle_ner.types import Example
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

LINES = "韩/B-PER 梅/I-PER 在/O 苏/B-LOC 州/I-LOC\n下/O 雨/O\n"
SENTENCES = [("韩梅在苏州", [(0, 2, "PER"), (3, 5, "LOC")]), ("下雨", [])]


def read_back(examples: list[Example]) -> list[tuple[str, list[tuple[int, int, str]]]]:
    return [(one.text, [(entity.start, entity.end, entity.label) for entity in entities_of(one)]) for one in examples]


@pytest.mark.parametrize("mark", "/|_#")
@pytest.mark.parametrize("name", ["a.txt", "a", "a.data"])
def test_tokens_with_their_tags_in_a_line(make_file: MakeFile, read_all: ReadAll, name: str, mark: str) -> None:
    path = make_file(name, LINES.replace("/", mark).replace("\n", "\n\n"))
    examples, problems = read_all(path)
    assert (detect(path).name, read_back(examples), problems) == ("token-tag", SENTENCES, [])


def test_other_schemes_words_and_a_token_that_is_the_mark(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.txt", "Mary/B-PER Miller/E-PER //O Berlin/S-LOC\n")
    assert read_back(read_all(path)[0]) == [("Mary Miller / Berlin", [(0, 11, "PER"), (14, 20, "LOC")])]
    assert read_back(read_all(path, token_joiner="")[0])[0][0] == "MaryMiller/Berlin"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("好", "'好', expected a token and its tag, such as 北/B-LOC"),
        ("好/X-1", "'X-1' is not a tag"),
        ("好/I-LOC", "I-LOC without B-LOC before it"),
        ("/O", "'/O', expected a token and its tag"),
    ],
)
def test_a_bad_line_is_told_by_its_number(make_file: MakeFile, read_all: ReadAll, line: str, message: str) -> None:
    examples, (problem,) = read_all(make_file("a.txt", LINES + line + "\n"))
    assert read_back(examples) == SENTENCES
    assert problem.line == 3 and problem.message.startswith(message)


def test_segments_with_types_stay_segments(make_file: MakeFile) -> None:
    assert detect(make_file("a.txt", "中共中央/nt 致/o\n北京/ns\n")).name == "segment-tag"
    assert detect(make_file("b.txt", "北\tB-LOC\n京\tI-LOC\n")).name == "conll"
