from __future__ import annotations

import gzip

from tests.unit.data.conftest import MakeFile, ReadAll


def test_each_line_is_an_unlabelled_text(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, problems = read_all(make_file("a.txt.gz", gzip.compress("甲\n\n乙 \n".encode())), "text")
    assert [(one.text, one.label, one.entities, one.labels) for one in examples] == [
        ("甲", None, None, None), ("乙 ", None, None, None)]  # fmt: skip
    assert examples[1].origin.endswith("a.txt.gz:3") and not problems


def test_invalid_utf8_is_told(make_file: MakeFile, read_all: ReadAll) -> None:
    examples, (problem,) = read_all(make_file("a.txt", b"a\n\xff\n"), "text")
    assert len(examples) == 1 and problem.line == 2
