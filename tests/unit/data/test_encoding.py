"""UTF-8 or GB18030, by what the bytes can be."""

from __future__ import annotations

import pytest

from paddle_ner.data import load
from paddle_ner.data.encoding import guess_bytes
from tests.unit.data.conftest import MakeFile, ReadAll

TEXTS = ["物流很快，包装也好", "今天天气真好", "屏幕碎了", "mixed 中英 text"]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_known_by_its_bytes(text: str, encoding: str) -> None:
    assert guess_bytes(f"text,label\n{text},1\n".encode(encoding)) == encoding


def test_ascii_is_utf8() -> None:
    assert guess_bytes(b"text,label\n") == "utf-8"


def test_a_utf8_file_with_a_bad_line_stays_utf8() -> None:
    lines = [text.encode() for text in TEXTS]
    assert guess_bytes(b"\n".join([*lines, "坏的一行".encode("gb18030")])) == "utf-8"


def test_a_gb18030_file_with_a_broken_line_stays_gb18030() -> None:
    lines = [text.encode("gb18030") for text in TEXTS]
    assert guess_bytes(b"\n".join([*lines, b"\xff\xff"])) == "gb18030"


def test_bytes_of_neither_are_taken_as_utf8_and_reported() -> None:
    assert guess_bytes(b"a\n\xff\n") == "utf-8"
    assert guess_bytes("caf\u00e9 na\u00efve".encode("latin-1")) == "utf-8"


def test_gb18030_is_read_without_being_named_and_said(make_file: MakeFile) -> None:
    said: list[str] = []
    path = make_file("a.tsv", "物流很快\t好评\n屏幕碎了\t差评\n".encode("gb18030"))
    assert [example.label for example in load(path, log=said.append)] == ["好评", "差评"]
    assert said == [f"{path}: not UTF-8, read as GB18030"]


@pytest.mark.parametrize("names", ["utf-8", "gb18030"])
@pytest.mark.parametrize("data", ["utf-8", "gb18030"])
def test_a_label_file_has_an_encoding_of_its_own(make_file: MakeFile, read_all: ReadAll, names: str, data: str) -> None:
    labels = make_file("labels.txt", "好评\n差评\n".encode(names))
    path = make_file("a.tsv", "物流很快\t0\n屏幕碎了\t1\n".encode(data))
    examples, problems = read_all(path, encoding=data, label_file=labels)
    assert [example.label for example in examples] == ["好评", "差评"]
    assert not problems
