from __future__ import annotations

import pytest

from tests.unit.data.conftest import MakeFile, ReadAll


def test_one_label_a_line(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, problems = read_all(make_file("a.txt", "__label__体育 火箭 赢了\n__label__财经\t股市大跌\n"))
    assert [(example.label, example.text) for example in examples] == [("体育", "火箭 赢了"), ("财经", "股市大跌")]
    assert not problems


def test_several_labels_on_any_line_make_all_lines_lists(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, _ = read_all(make_file("a.txt", "__label__a 甲\n__label__a __label__b 乙\n"))
    assert [example.labels for example in examples] == [("a",), ("a", "b")]


def test_labels_may_stand_behind_the_text(make_file: MakeFile, read_all: ReadAll) -> None:
    (example,), _ = read_all(make_file("a.txt", "火箭赢了 __label__体育\n"))
    assert (example.label, example.text) == ("体育", "火箭赢了")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("没有标签", "no label, expected __label__X text"),
        ("__label__a 前 __label__b 后", "__label__ inside the text"),
        ("__label__ 空", "empty label, expected a name"),
        ("__label__a", "empty text"),
    ],
)
def test_a_bad_line_is_told(make_file: MakeFile, read_all: ReadAll, bad: str, message: str) -> None:
    examples, (problem,) = read_all(make_file("a.txt", f"__label__a 甲\n__label__a 乙\n{bad}\n"))
    assert len(examples) == 2 and problem.line == 3 and problem.message.startswith(message)
