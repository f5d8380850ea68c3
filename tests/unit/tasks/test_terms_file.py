from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from paddle_ner.errors import DataError, InputError
from paddle_ner.tasks.decoding import Decoding, create
from paddle_ner.tasks.terms_file import gazetteer, read

NER = create("ner", ["PER", "LOC"])


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "terms.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def problems(folder: Path, content: str | bytes) -> list[str]:
    path = write(folder, content)
    with pytest.raises(DataError) as raised:
        read(path, NER)
    return [str(problem).removeprefix(f"{path}:") for problem in raised.value.problems]


CONTENT = "\ufeff# places\nterm\ttype\n北京\tLOC\r\n\n 上海市 \tLOC\n北京\tLOC\n/[A-Z]\\d/\tPER\n/\tLOC"
GZIPPED = gzip.compress(CONTENT.encode(), mtime=0)


@pytest.mark.parametrize("raw", [CONTENT.encode(), GZIPPED, CONTENT[1:].encode("gb18030")])
def test_terms_and_expressions_are_read(tmp_path: Path, raw: bytes) -> None:
    terms = read(write(tmp_path, raw), NER, "after")
    assert (len(terms), terms.mode) == (4, "after")
    found = [(entity.text, entity.label) for entity in terms.find("A1在上海市/北京")]
    assert found == [("A1", "PER"), ("上海市", "LOC"), ("/", "LOC"), ("北京", "LOC")]


def test_all_lines_that_are_wrong_are_told(tmp_path: Path) -> None:
    content = "北京 LOC\n\tLOC\n上海\t\na\tb\tc\n杭州\tPLACE\n王\tPER\n王\tLOC\n"
    content += "/(/\tPER\n/x*/\tLOC\n/\\b/\tLOC\n/y/\tLOC\n/y/\tPER\n"
    columns = "expected a term, a tab and its type"
    nothing = "matches where there is no character, expected a regular expression that needs one"
    assert problems(tmp_path, content) == [
        f"1: 1 columns, {columns}",
        f"2: no term, {columns}",
        f"3: no type, {columns}",
        f"4: 3 columns, {columns}",
        "5: 'PLACE' is no type of the model, expected one of PER, LOC",
        "7: '王' is PER on an earlier line and LOC here: keep one of them",
        "8: /(/ is no regular expression of Python: missing ), unterminated subpattern at position 0",
        f"9: /x*/ {nothing}",
        f"10: /\\b/ {nothing}",
        "12: /y/ is LOC on an earlier line and PER here: keep one of them",
    ]


def test_a_line_in_another_encoding_is_told(tmp_path: Path) -> None:
    raw = "北京\tLOC\n杭州\tLOC\n".encode() + "上海\tLOC\n".encode("gb18030")
    assert [problem[:30] for problem in problems(tmp_path, raw)] == ["3: invalid UTF-8: byte 0xC9 at"]


@pytest.mark.parametrize(
    ("content", "decoding", "message"),
    [
        ("# none\n", NER, "no term in it"),
        ("北京\tLOC\n", create("classification", ["LOC", "X"]), "terms are for models of entities"),
        (GZIPPED[:-9], NER, "cannot be read"),
    ],
)
def test_a_file_that_gives_no_terms_is_refused(
    tmp_path: Path, content: str | bytes, decoding: Decoding, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read(write(tmp_path, content), decoding)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.tsv: No such file"):
        read(tmp_path / "none.tsv", NER)


def test_a_gazetteer_takes_any_types(tmp_path: Path) -> None:
    path = write(tmp_path, "北京\tLOC\n青霉素\tdrug\n/[A-Z]\\d/\tcode\n")
    assert [entity.text for entity in gazetteer(path).find("A1在北京用青霉素")] == ["A1", "北京", "青霉素"]
    with pytest.raises(DataError, match=r"terms\.tsv:2: '北京' is LOC on an earlier line and X here"):
        gazetteer(write(tmp_path, "北京\tLOC\n北京\tX\n"))
