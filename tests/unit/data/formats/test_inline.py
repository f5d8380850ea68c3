from __future__ import annotations

import pytest

from paddle_ner.data import detect, load
from paddle_ner.errors import InputError
from paddle_ner.types import Example
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

EXPECTED = [("韩梅在苏州大学工作。", [(0, 2, "PER"), (3, 7, "ORG")]), ("今天天气好。", [])]


def found(examples: list[Example]) -> list[tuple[str, list[tuple[int, int, str]]]]:
    return [(one.text, [(entity.start, entity.end, entity.label) for entity in entities_of(one)]) for one in examples]


@pytest.mark.parametrize(
    "line",
    [
        "{{PER:韩梅}}在{{ORG:苏州大学}}工作。",
        "<PER>韩梅</PER>在<ORG>苏州大学</ORG>工作。",
        "<ENAMEX TYPE=\"PER\">韩梅</ENAMEX>在<ENAMEX type='ORG'>苏州大学</ENAMEX>工作。",
        "{{PER:韩梅}}在<ORG>苏州大学</ORG>工作。",
    ],
)
def test_marks_become_entities_and_leave_the_text(make_file: MakeFile, read_all: ReadAll, line: str) -> None:
    path = make_file("a.txt", f"{line}\n今天天气好。\n")
    assert detect(path).name == "inline"
    examples, problems = read_all(path)
    assert (found(examples), problems) == (EXPECTED, [])


def test_types_may_be_chinese_and_texts_may_hold_colons_and_quotes(make_file: MakeFile, read_all: ReadAll) -> None:
    path = make_file("a.txt", '{{时间:8:30}}说"好"\n<人名>韩梅</人名>说"3<5"\n')
    examples, problems = read_all(path)
    assert (found(examples), problems) == (
        [('8:30说"好"', [(0, 4, "时间")]), ('韩梅说"3<5"', [(0, 2, "人名")])],
        [],
    )


@pytest.mark.parametrize("line", ["在{{ORG:{{LOC:苏州}}大学}}", "在<ORG><LOC>苏州</LOC>大学</ORG>"])
def test_marks_in_marks_are_nested_entities(make_file: MakeFile, read_all: ReadAll, line: str) -> None:
    path = make_file("a.txt", line + "\n")
    assert "overlapping entities" in read_all(path)[1][0].message
    assert found(read_all(path, overlaps="outermost")[0]) == [("在苏州大学", [(1, 5, "ORG")])]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{{PER:韩梅在", "{{PER: at character 1 is not closed, expected }} behind the text"),
        ("<PER>韩梅在", "<PER> at character 1 is not closed, expected </PER> behind the text"),
        ("韩梅}}在", "}} at character 3 closes a mark, but none is open"),
        ("韩梅</PER>在", "</PER> at character 3 closes a mark, but none is open"),
        ("<A>韩<B>梅</A>在</B>", "</A> at character 9 closes a mark, but <B> at character 5 is open"),
        ("{{:韩梅}}在", "{{ at character 1 has no type, expected {{type:text}}"),
        ("{{韩梅}}在", "{{ at character 1 has no type, expected {{type:text}}"),
        ("{{PER:}}在", "{{PER: at character 1 marks no text, expected at least a character"),
        ('<PER id="1">韩梅</PER>在', '<PER id="1"> has attributes, expected <type>, or TYPE="…" alone'),
    ],
)
def test_marks_that_do_not_pair_are_told(make_file: MakeFile, read_all: ReadAll, line: str, message: str) -> None:
    path = make_file("a.txt", f"<PER>韩梅</PER>在\n{line}\n{{{{PER:韩梅}}}}\n")
    examples, (problem,) = read_all(path, "inline")
    assert (len(examples), problem.line, problem.message) == (2, 2, message)


def test_escapes_are_said(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.txt", "<PER>韩梅</PER>在\n<ORG>A&amp;B</ORG>\n")
    assert load(path, log=said.append)[1].text == "A&amp;B"
    assert said == [f"{path}: &lt;, &gt; and &amp; are text as they stand, first on line 2"]


@pytest.mark.parametrize(
    "content",
    ["<p>韩梅</p>\n<b>好</b>\n", '<?xml version="1.0"?>\n<s>韩梅</s>\n', "你好 {{name}}\n", "3<5\n"],
)
def test_pages_and_templates_are_not_taken_for_it(make_file: MakeFile, content: str) -> None:
    with pytest.raises(InputError, match="cannot tell the format"):
        detect(make_file("a.txt", content))


def test_a_table_or_json_with_marks_in_its_texts_keeps_its_format(make_file: MakeFile) -> None:
    assert detect(make_file("a.csv", "text,label\n<PER>韩梅</PER>,好\n")).name == "csv"
    assert detect(make_file("a.jsonl", '{"text": "{{PER:韩梅}}", "label": "好"}\n')).name == "jsonl"
