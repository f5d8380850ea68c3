"""Records of JSON are read however they lie.

Tests `paddle_ner.data.json_decoding`, `paddle_ner.data.json_shape` and `paddle_ner.data.json_stream` too.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from paddle_ner.data import json_stream, load
from paddle_ner.errors import DataError
from tests.labelled import entities_of
from tests.unit.data.conftest import MakeFile, ReadAll

RECORDS = [{"text": f"文本{n}", "label": "甲乙"[n % 2]} for n in range(5)]
TEXTS = [record["text"] for record in RECORDS]


def lines(**options: Any) -> str:
    return "".join(json.dumps(record, ensure_ascii=False, **options) + "\n" for record in RECORDS)


@pytest.mark.parametrize(
    "content",
    [
        lines(),
        lines(indent=2),
        lines().replace("\n", ""),
        lines().replace("\n", " "),
        lines().replace("\n", "\r\n"),
        json.dumps(RECORDS),
        json.dumps({"data": RECORDS}),
        json.dumps({"version": 1, "info": {"data": [1]}, "examples": RECORDS, "n": 5}, indent=1),
    ],
)
@pytest.mark.parametrize("chunk", [1, 1 << 16])
def test_records_are_read_however_they_lie(
    make_file: MakeFile, monkeypatch: pytest.MonkeyPatch, content: str, chunk: int
) -> None:
    monkeypatch.setattr(json_stream, "_CHUNK", chunk)
    assert [example.text for example in load(make_file("a.json", content), log=lambda _: None)] == TEXTS


def test_records_within_an_object_are_said(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file(
        "a.json", json.dumps({"classes": ["PER"], "annotations": [["韩梅", {"entities": [[0, 2, "PER"]]}]]})
    )
    (example,) = load(path, log=said.append)
    assert [(entity.text, entity.label) for entity in entities_of(example)] == [("韩梅", "PER")]
    assert said == [f"{path}: its records stand under 'annotations' of one object: what else that holds is not read"]


def test_an_object_over_lines_is_one_record_with_the_line_that_it_begins_on(
    make_file: MakeFile, read_all: ReadAll
) -> None:
    content = json.dumps(RECORDS[0], indent=1) + "\n" + json.dumps({"text": 5, "label": "甲"}, indent=1)
    _, (problem,) = read_all(make_file("a.json", content))
    assert (problem.line, problem.message) == (5, '"text" is 5, expected a string')


def test_a_large_object_of_records_is_told_by_its_beginning(make_file: MakeFile) -> None:
    records = [{"text": "文" * 300, "label": "甲"}] * 1000
    path = make_file("a.json", json.dumps({"data": records}, ensure_ascii=False, indent=1))
    assert len(load(path, log=lambda _: None)) == 1000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"train": RECORDS, "dev": RECORDS}, "an object with records under train, dev, expected those of one"),
        ({"1": RECORDS[0], "2": RECORDS[1]}, "an object of records by their ids (1, 2), expected an array"),
        (
            {"text": dict(enumerate(["今天天气不错"] * 2)), "label": {0: "甲", 1: "乙"}},
            "a table by columns (text, label)",
        ),
        ({"text": ["今天天气不错"] * 2, "label": ["甲", "乙"]}, "a table by columns (text, label), expected an array"),
        (
            {"columns": ["text", "label"], "data": [["好", "甲"]], "index": [0]},
            "a table by columns (columns, data, index)",
        ),
        ({"File": "a", "Entities": [{"BeginOffset": 0, "EndOffset": 2, "Text": "韩梅", "Type": "PER"}]}, "no text: "),
        ({"tokens": [{"text": "韩", "ner": "B-PER"}, {"text": "梅", "ner": "I-PER"}]}, '"tokens" is [{'),
        ({"messages": [{"role": "user", "content": "好"}]}, "no text: the keys are messages"),
        ({"data": [{"title": "好", "paragraphs": []}]}, "no text: the keys are data"),
    ],
)
def test_an_object_that_holds_records_otherwise_is_refused(
    make_file: MakeFile, read_all: ReadAll, content: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError) as caught:
        load(make_file("a.json", json.dumps(content)))
    assert caught.value.problems[0].message.startswith(message)


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        ('[{"text": "a", "label": "b"},]', "remove the comma before the bracket that closes"),
        ('[{"text": "a", "label": "b",}]', "remove the comma before the bracket that closes"),
        ('{"text": "a", "label": "b"},\n{"text": "a", "label": "b"},\n', "remove the commas, or put [ and ] around"),
        ("{'text': 'a', 'label': 'b'}\n", "single quotes are Python's, not JSON's"),
        ("[{'text': 'a', 'label': 'b'}]", "single quotes are Python's, not JSON's"),
        ('{"text": "a", "label": None}\n', "that is Python's, not JSON's"),
        ('[{"text": "a", // b\n"label": "b"}]', "JSON has no comments, remove them"),
        ('{"text": "a\tb", "label": "b"}\n', "inside a string a tab is written \\t and a line end \\n"),
        ('{"text": "a", "label": "b", "id": ' + "1" * 5000 + "}\n", "a number of 5,000 digits, expected at most 100"),
        ('[{"text": "a", "label": "b", "id": ' + "1" * 5000 + "}]", "a number of 5,000 digits, expected at most 100"),
    ],
)
def test_a_usual_syntax_error_is_told_with_what_to_do(make_file: MakeFile, content: str, advice: str) -> None:
    with pytest.raises(DataError) as caught:
        load(make_file("a.json", content))
    assert advice in caught.value.problems[0].message


def test_an_array_that_begins_with_null_is_read(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, (problem,) = read_all(make_file("a.json", json.dumps([None, *RECORDS])))
    assert len(examples) == 5 and problem.message == "null, expected a JSON object"
