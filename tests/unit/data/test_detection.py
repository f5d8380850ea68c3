"""The format of a file is told by its content.

Tests `paddle_ner.data.beginning` too.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_ner.data import detect, read, unlabelled
from paddle_ner.errors import InputError
from tests.labelled import example_of
from tests.unit.data.conftest import MakeFile


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("a.jsonl", '{"text": "好", "label": "正"}\n', "jsonl"),
        ("a.txt", '{"text": "好", "labels": ["正"]}\n', "jsonl"),
        ("a.json", '{"text": "好", "entities": [{"start": 0, "end": 1, "label": "A"}]}\n', "jsonl"),
        ("a.json", '{"id": 0, "text": "好"}\n', "jsonl"),
        ("a.json", '{"text": "好", \n{"text": "好", "label": "正"}\n{"text": "好", "label": "正"}\n', "jsonl"),
        ("a.json", '{\n  "text": "好"\n}\n', "jsonl"),
        ("a.json", '{"text": "好", "label": {"name": {"好": [[0, 0]]}}}\n', "cluener"),
        ("a.json", '{"text": "好", "label": {}}\n', "cluener"),
        ("a.json", '{"text": "好", "labels": [[0, 1, "A"]]}\n', "doccano"),
        ("a.json", '{"text": "好", "labels": []}\n{"text": "好", "labels": [[0, 1, "A"]]}\n', "doccano"),
        ("a.json", '{"text": "好", "label": ["正"]}\n', "doccano"),
        ("a.json", '{"text": "好", "entities": [], "relations": []}\n', "doccano"),
        ("a.json", '{"text": "好", "entities": [{"start_offset": 0, "end_offset": 1, "label": "A"}]}\n', "doccano"),
        ("a.json", '[\n {"query": "好", "label": "正"}\n]', "json-array"),
        ("a.json", '[{"text": "好",\n"label": "正"},\n{"text": "好", "label": "正"}]', "json-array"),
        ("a.json", "[]", "json-array"),
        ("a.json", '[{"id": 1, "annotations": [{"result": []}], "data": {"text": "好"}}]', "label-studio"),
        ("a.txt", "北 B-LOC\n京 I-LOC\n\n好 O\n", "conll"),
        ("a.tsv", "北\tB_LOC\n京\tI_LOC\n", "conll"),
        ("a.txt", "B-LOC 北\nI-LOC 京\n", "conll"),
        ("a.txt", "[ O\n北 B-LOC\n] O\n", "conll"),
        ("a.txt", "-DOCSTART- -X- O\n\n好 O\n", "conll"),
        ("a.txt", "北 B-LOC\n京\n市 I-LOC\n", "conll"),
        ("a.txt", "雷军/nr 在/o 北京/ns \n", "segment-tag"),
        ("a.csv", "text,label\n好,正\n", "csv"),
        ("a.tsv", "好\t正\n", "tsv"),
        ("a.txt", "好\t3\n坏\t2\n", "tsv"),
        ("a.csv", "B-超检查,正\n", "csv"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_content_tells_the_format(
    make_file: MakeFile, name: str, content: str, format: str, encoding: str, end: str
) -> None:
    path = make_file(name, content.replace("\n", end).encode(encoding))
    assert detect(path, "gb18030" if encoding == "gb18030" else "utf-8").name == format


def test_a_folder_of_class_folders_is_told(make_file: MakeFile, tmp_path: Path) -> None:
    make_file("体育/1.txt", "甲")
    assert detect(tmp_path).name == "folder"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty, expected labelled data"),
        ("\n \n", "empty, expected labelled data"),
        (
            "天气很好\n北京\n",
            "cannot tell the format from the content: the first line looks like plain text ('天气很好'). Expected ",
        ),
    ],
)
def test_there_is_no_fallback(make_file: MakeFile, content: str, message: str) -> None:
    path = make_file("a.txt", content)
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_a_folder_of_neither_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"neither brat's \.ann files nor a folder of \.txt files"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("content", "look", "advice"),
    [
        ("好看,正\n难看,负\n", "2 columns separated by commas", "if it is a table, read it with --format csv."),
        ("好;正\n坏;负\n", "2 columns separated by semicolons", "--format csv --delimiter ';'"),
        ("1_!_好_!_a\n2_!_坏_!_b\n", "3 columns separated by '_!_'", "--format csv --delimiter '_!_'"),
        ("好|||0 1 a b\n坏|||0 1 a b\n", "2 columns separated by '|||'", "the nearest is cmeee: "),
        ('["好", "坏"]', "a JSON array of 2 values without names", "the nearest is json-array: "),
        ('"{\\"text\\": 1}"\n', "a JSON string, not an object", ""),
        ('// 数据\n[{"text": "好"}]\n', "a comment, which JSON does not have", ""),
        ('var data = [{"text": "好"}];\n', "JavaScript", ""),
        ('[["好", "正"], ["坏", "负"]]', "the beginning of a JSON array", "the nearest is spacy: "),
        ("韩梅/PERSON 在/O\n", "two words", "the nearest is segment-tag: "),
        ('<?xml version="1.0"?>\n<a>好</a>\n', "XML or HTML", ""),
    ],
)
def test_what_is_not_read_is_answered_with_its_look_and_what_is_near(
    make_file: MakeFile, content: str, look: str, advice: str
) -> None:
    with pytest.raises(InputError) as caught:
        detect(make_file("a.txt", content))
    assert f"the first line looks like {look} (" in str(caught.value)
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.txt", b"%PDF-1.4\n", "a PDF document"),
        ("a", b"PK\x03\x04" + bytes(50), "a ZIP archive"),
        ("a.csv", b"\xd0\xcf\x11\xe0" + bytes(50), "an old Word or Excel document"),
        ("a.jsonl", bytes(range(256)) * 3, "binary data"),
    ],
)
def test_what_is_no_text_is_told_and_never_read_as_plain_text(
    make_file: MakeFile, name: str, content: bytes, kind: str
) -> None:
    path = make_file(name, content)
    for function in (detect, unlabelled):
        with pytest.raises(InputError, match=f"{kind}.*, expected text in one of"):
            function(path)


def test_plain_text_with_commas_is_still_plain_text_for_a_prediction(make_file: MakeFile) -> None:
    path = make_file("a.txt", "今天好,明天坏\n天气好,心情好\n")
    assert [example_of(one).text for one in unlabelled(path)] == ["今天好,明天坏", "天气好,心情好"]
