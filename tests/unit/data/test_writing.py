from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.data import load, write
from paddle_ner.errors import InputError, ResourceError
from paddle_ner.types import Entity, Example

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
NAME = st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Zs")) | st.just(" ")
LABEL = st.text(NAME, min_size=1, max_size=10).map(str.strip).filter(lambda label: label not in ("", "O"))
ID = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@st.composite
def with_entities(draw: st.DrawFn) -> Example:
    text = draw(TEXT)
    bounds = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    pairs = zip(bounds[::2], bounds[1::2], strict=False)
    return Example(text, tuple(Entity.of(text, start, end, draw(LABEL)) for start, end in pairs), id=draw(ID))


KINDS = st.one_of(
    st.lists(with_entities(), min_size=1, max_size=4),
    st.lists(st.builds(Example, TEXT, label=LABEL, id=ID), min_size=1, max_size=4),
    st.lists(st.builds(Example, TEXT, labels=st.lists(LABEL, unique=True).map(tuple), id=ID), min_size=1, max_size=4),
    st.lists(st.builds(Example, TEXT, id=ID), min_size=1, max_size=4),
)


@given(KINDS)
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, examples: list[Example]) -> None:
    path = tmp_path_factory.getbasetemp() / "hypothesis.jsonl"
    assert write(path, examples) == len(examples)
    again = load(path, "jsonl")
    assert [example.to_dict() for example in again] == [example.to_dict() for example in examples]
    assert [example.entities for example in again] == [example.entities for example in examples]


def test_the_file_is_utf8_with_one_record_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    write(path, [Example("北\u2028京", label="正"), Example("好", label="负")])
    assert path.read_bytes() == '{"text": "北\u2028京", "label": "正"}\n{"text": "好", "label": "负"}\n'.encode()


def test_what_stood_there_stays_when_the_examples_fail(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("before")

    def failing() -> Iterator[Example]:
        yield Example("甲")
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        write(path, failing())
    assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_file_can_be_converted_onto_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"meta": 1, "text": "甲"}\n')
    write(path, iter(load(path)))
    assert json.loads(path.read_text()) == {"text": "甲"}


def test_an_absent_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"b\.jsonl: cannot be written: No such file or directory"):
        write(tmp_path / "none" / "b.jsonl", [Example("甲")])


def test_a_full_disk_is_told_with_its_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResourceError, match="no space left on the disk: free some space"):
        write(tmp_path / "a.jsonl", [Example("甲")])
    assert not list(tmp_path.iterdir())
