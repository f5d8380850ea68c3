from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from paddle_ner.data.source import DecodingFault, lines, open_bytes, whole
from paddle_ner.errors import InputError
from tests.unit.data.conftest import MakeFile


def texts(path: Path, encoding: str = "utf-8") -> list[str]:
    return [line.text for line in lines(path, encoding)]


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_lines_are_the_same_with_and_without_byte_order_mark_and_with_either_line_end(
    make_file: MakeFile, bom: bytes, end: bytes
) -> None:
    path = make_file("a.txt", bom + "你好".encode() + end + "北京".encode() + end)
    assert texts(path) == ["你好", "北京"]


def test_a_last_line_without_line_end_counts(make_file: MakeFile) -> None:
    assert texts(make_file("a.txt", "一\n二")) == ["一", "二"]


def test_unicode_line_separators_stay_inside_a_line(make_file: MakeFile) -> None:
    assert texts(make_file("a.txt", "一\u2028二\u0085三\x0b四\r五\n")) == ["一\u2028二\u0085三\x0b四\r五"]


def test_gb18030_is_read_when_asked_for(make_file: MakeFile) -> None:
    path = make_file("a.txt", "镕𠮷\n北京\n".encode("gb18030"))
    assert texts(path, "gb18030") == ["镕𠮷", "北京"]


def test_gb18030_byte_order_mark_is_left_out(make_file: MakeFile) -> None:
    assert texts(make_file("a.txt", "\ufeff北京\n".encode("gb18030")), "gb18030") == ["北京"]


def test_invalid_utf8_names_byte_and_column_and_leaves_the_other_lines(make_file: MakeFile) -> None:
    good, bad, last = lines(make_file("a.txt", "好\n".encode() + b"ab\xb9\xfa\n" + "好\n".encode()), "utf-8")
    assert (good.fault, last.fault, last.text) == (None, None, "好")
    assert bad.number == 2
    assert bad.fault == (
        "invalid UTF-8: byte 0xB9 at byte 3 of the line, expected UTF-8; if the file is GB18030, say encoding gb18030"
    )


def test_invalid_gb18030_is_told(make_file: MakeFile) -> None:
    (line,) = lines(make_file("a.txt", b"ab\xff\n"), "gb18030")
    assert line.fault is not None and line.fault.startswith("invalid gb18030: byte 0xFF at byte 3")


def test_whole_names_the_line_of_an_invalid_byte(make_file: MakeFile) -> None:
    with pytest.raises(DecodingFault) as caught:
        whole(make_file("a.txt", b"ok\nok\nx\xff"), "utf-8")
    assert caught.value.line == 3 and "byte 2 of the line" in str(caught.value)


def test_gzip_is_unpacked_whatever_the_name(make_file: MakeFile) -> None:
    assert texts(make_file("a.txt", gzip.compress("北京\n".encode()))) == ["北京"]


def test_utf16_is_refused_with_the_fix(make_file: MakeFile) -> None:
    with pytest.raises(InputError, match="UTF-16, expected UTF-8 or GB18030: convert it"):
        open_bytes(make_file("a.txt", "北京".encode("utf-16")))


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.txt: No such file"):
        open_bytes(tmp_path / "none.txt")
