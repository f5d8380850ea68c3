"""Labelled files are read as the options say, and what is bad is told.

Tests `paddle_ner.data.options` and `paddle_ner.data.records` too.
"""

from __future__ import annotations

import gzip
import io
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from paddle_ner.data import ReadOptions, load, read
from paddle_ner.errors import DataError, InputError, Problem
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

MIXED = '{"text": "甲", "label": "正"}\n{"text": ""}\n{"text": "乙", "label": "负"}\nno\n'


def test_read_raises_at_the_first_bad_record_after_the_good_ones_before_it(make_file: MakeFile) -> None:
    path = make_file("a.jsonl", MIXED)
    examples = read(path)
    assert next(examples).text == "甲"
    with pytest.raises(DataError) as caught:
        next(examples)
    assert [(problem.path, problem.line) for problem in caught.value.problems] == [(str(path), 2)]
    assert str(caught.value).startswith(f"{path}:2: empty text, expected")


def test_read_streams(make_file: MakeFile) -> None:
    """The end of the file is missing, which only shows when the reading comes there."""
    whole = gzip.compress(b'{"text": "a", "label": "b"}\n' * 50_000)
    examples = read(make_file("long.jsonl.gz", whole[:-12]), "jsonl")
    assert len(list(itertools.islice(examples, 1000))) == 1000
    with pytest.raises(InputError, match="cannot be read to its end"):
        list(examples)


def test_on_problem_gets_each_problem_and_reading_goes_on(make_file: MakeFile) -> None:
    problems: list[Problem] = []
    examples = list(read(make_file("a.jsonl", MIXED), on_problem=problems.append))
    assert [example.text for example in examples] == ["甲", "乙"]
    assert [problem.line for problem in problems] == [2, 4]


def test_load_reports_all_problems(make_file: MakeFile) -> None:
    with pytest.raises(DataError) as caught:
        load(make_file("a.jsonl", MIXED))
    assert [problem.line for problem in caught.value.problems] == [2, 4]


def test_load_stops_at_the_first_problem_when_strict(make_file: MakeFile) -> None:
    with pytest.raises(DataError) as caught:
        load(make_file("a.jsonl", MIXED), policy="strict")
    assert [problem.line for problem in caught.value.problems] == [2]


def test_load_says_how_many_it_left_out(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.jsonl", MIXED)
    assert len(load(path, policy="skip", log=said.append)) == 2
    assert said == [f"{path}: left out 2 bad records of 4"]


def test_load_says_nothing_where_nothing_is_bad(make_file: MakeFile) -> None:
    said: list[str] = []
    assert len(load(make_file("a.jsonl", '{"text": "甲"}\n'), policy="skip", log=said.append)) == 1
    assert not said


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda path: read(path / "none.jsonl"), "none.jsonl: no such file or folder"),
        (lambda path: read(path / "none.jsonl", "jsonl"), "none.jsonl: no such file or folder"),
        (lambda path: read(path, "jsonl"), "a folder, expected a file for format jsonl"),
        (lambda path: read(path / "a.jsonl", "yaml"), "format 'yaml' is unknown, expected one of brat, "),
        (lambda path: read(path / "a.jsonl", encoding="utf-9"), "unknown encoding 'utf-9', expected utf-8, gb18030"),
        (lambda path: read(path / "a.jsonl", encoding="utf-16"), "encoding 'utf-16' cannot be read line by line"),
        (
            lambda path: read(path / "a.jsonl", options=ReadOptions(delimiter=";")),
            "--delimiter does nothing for format jsonl",
        ),
        (lambda path: load(path / "a.jsonl", options=ReadOptions(label_file=path / "no")), "no: No such file"),
    ],
)
def test_wrong_use_is_refused_when_the_file_is_opened(
    make_file: MakeFile, tmp_path: Path, call: Callable[[Path], object], message: str
) -> None:
    make_file("a.jsonl", MIXED)
    with pytest.raises(InputError) as caught:
        call(tmp_path)
    assert message in str(caught.value)


def test_a_named_format_with_no_record_is_bad(make_file: MakeFile) -> None:
    path = make_file("a.jsonl", "\n")
    with pytest.raises(DataError, match=r"a\.jsonl:1: no record, expected at least one"):
        load(path, "jsonl")


def test_a_record_annotated_in_another_way_than_the_first_is_bad(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.jsonl", '{"text": "甲", "label": "正"}\n{"text": "乙"}\n{"text": "丙", "labels": []}\n')
    _, problems = read_all(path)
    assert [str(problem) for problem in problems] == [
        f"{path}:2: no annotation, but {path}:1 has a label: expected the same in every record",
        f"{path}:3: labels, but {path}:1 has a label: expected the same in every record",
    ]


def test_encoding_takes_the_place_of_the_option(make_file: MakeFile) -> None:
    path = make_file("a.jsonl", '{"text": "镕"}\n'.encode("gb18030"))
    assert load(path, encoding="gb18030")[0].text == "镕"
    assert load(path, options=ReadOptions(encoding="gb18030"))[0].text == "镕"


def test_labels_are_renamed_before_they_are_compared_with_the_label_set(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.jsonl", '{"text": "甲", "label": "pos"}\n{"text": "乙", "label": "neg"}\n')
    (example,), (problem,) = read_all(path, label_map={"pos": "正"}, allowed_labels=("正", "负"))
    assert example.label == "正"
    assert (problem.line, problem.message) == (2, "unknown label 'neg', expected one of 正, 负")


def test_one_label_becomes_several_when_asked(make_file: MakeFile, read_all: ReadAll) -> None:
    assert read_all(make_file("a.jsonl", '{"text": "甲", "label": "正"}\n'), multi_label=True)[0][0].labels == ("正",)


@pytest.mark.parametrize(
    "options", [{"delimiter": ""}, {"label_separator": ""}, {"text_field": 0}, {"tag_scheme": "IOB"}, {"colour": 1}]
)
def test_options_out_of_range_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ReadOptions(**options)


def test_labels_with_space_around_them_are_one_type_and_counted(make_file: MakeFile) -> None:
    said: list[str] = []
    record = '{"text": "甲乙", "entities": [{"start": 0, "end": 2, "label": "%s"}]}\n'
    path = make_file("a.jsonl", record % "PER" + record % "PER " + record % " PER")
    assert {entity.label for example in load(path, log=said.append) for entity in entities_of(example)} == {"PER"}
    assert said == [f"{path}: 2 labels with space around the name, such as 'PER ', read without it"]


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ("PE\\u0000R", "holds the character U+0000, which cannot be seen"),
        ("PE\\u009bR", "holds the character U+009B, which cannot be seen"),
        ("PE\\u200bR", "holds the character U+200B, which cannot be seen"),
        ("PE\\u2028R", "holds the character U+2028, which cannot be seen"),
        ("PE\\ud800R", "holds a lone surrogate"),
        ("O", "an entity is called O, the tag of what is no entity"),
    ],
)
def test_names_that_cannot_be_labels_are_bad(make_file: MakeFile, read_all: ReadAll, label: str, message: str) -> None:
    record = '{"text": "甲", "entities": [{"start": 0, "end": 1, "label": "LABEL"}]}\n'
    _, (problem,) = read_all(make_file("a.jsonl", record.replace("LABEL", label)))
    assert message in problem.message


def test_a_new_name_of_a_label_can_be_seen_too(make_file: MakeFile, read_all: ReadAll, tmp_path: Path) -> None:
    path = make_file("a.jsonl", '{"text": "甲", "label": "a"}\n')
    _, (problem,) = read_all(path, label_map={"a": "b\x1b[31m"})
    assert problem.line == 1 and "holds the character U+001B, which cannot be seen" in problem.message
    names = make_file("names.txt", "正\n负\u200b\n")
    with pytest.raises(InputError, match=r"names\.txt:2: label .* holds the character U\+200B"):
        read_all(path, label_file=names)


def test_a_class_may_be_called_o(make_file: MakeFile, read_all: ReadAll) -> None:
    assert read_all(make_file("a.jsonl", '{"text": "甲", "label": "O"}\n'))[0][0].label == "O"


def test_a_pattern_names_all_files_that_match_in_order(make_file: MakeFile, tmp_path: Path) -> None:
    for name in ("part-2", "part-1", "other"):
        make_file(f"{name}.jsonl", f'{{"text": "{name}", "label": "a"}}\n')
    assert [example.text for example in load(tmp_path / "part-*.jsonl")] == ["part-1", "part-2"]
    with pytest.raises(InputError, match="no file matches"):
        load(tmp_path / "none-*.jsonl")


def test_a_file_whose_name_looks_like_a_pattern_is_itself(make_file: MakeFile) -> None:
    assert len(load(make_file("a[1].jsonl", '{"text": "甲"}\n'))) == 1


def test_files_of_a_pattern_are_annotated_alike(make_file: MakeFile, tmp_path: Path) -> None:
    make_file("1.jsonl", '{"text": "甲", "label": "a"}\n')
    make_file("2.jsonl", '{"text": "甲", "labels": ["a"]}\n')
    with pytest.raises(DataError, match=r"2\.jsonl:1: labels, but .*1\.jsonl:1 has a label"):
        load(tmp_path / "*.jsonl")


def test_a_minus_is_the_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("好\t正\n坏\t负\n".encode())))
    assert [(example.text, example.origin) for example in load("-")] == [("好", "-:1"), ("坏", "-:2")]


def test_labels_that_are_not_kept_are_counted_and_names_that_never_occur_are_told(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.jsonl", '{"text": "甲", "labels": ["A", "B"]}\n{"text": "乙", "labels": ["B"]}\n')
    examples = load(path, options=ReadOptions(keep_labels=("A", "C")), log=said.append)
    assert [example.labels for example in examples] == [("A",), ()]
    assert said == [
        f"{path}: left out 2 annotations of other labels (--keep-labels): B 2",
        f"{path}: no annotation of C, which --keep-labels names",
    ]


def test_the_only_label_of_a_text_is_not_left_out(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.jsonl", '{"text": "甲", "label": "A"}\n{"text": "乙", "label": "B"}\n')
    examples, (problem,) = read_all(path, keep_labels=("A",))
    assert ([example.label for example in examples], problem.line) == (["A"], 2)
    assert "--keep-labels does not name" in problem.message


def test_a_bad_record_of_an_array_on_one_line_is_told_by_its_number(make_file: MakeFile, read_all: ReadAll) -> None:
    bad = '{"text": "", "label": "a"}'
    path = make_file("a.json", f'[{{"text": "甲", "label": "a"}}, {bad}, {{"text": "乙"}},\n{bad}]')
    assert [(problem.line, problem.message.partition(" (")[2]) for problem in read_all(path)[1]] == [
        (1, "number 2 of this line)"),
        (1, "number 3 of this line)"),
        (2, ""),
    ]


def test_a_policy_that_there_is_not_is_refused(make_file: MakeFile) -> None:
    path = make_file("a.jsonl", '{"text": "好", "label": "正"}\n')
    with pytest.raises(InputError, match="policy is 'skip-bad', expected report, strict, skip"):
        load(path, policy="skip-bad")  # type: ignore[arg-type]  # the wrong word is what is tested
