"""Which encoding a file has: UTF-8, or GB18030 if only that fits."""

from __future__ import annotations

from pathlib import Path

from paddle_ner.data.source import open_bytes

AUTO = "auto"
_HEAD_BYTES = 1 << 20
_FILES = 50


def guess(path: Path) -> str:
    """The encoding of a file, or of the files of a folder, by the beginning of each."""
    if not path.is_dir():
        return guess_bytes(_head(path))
    files = sorted(file for file in path.rglob("*") if file.suffix in (".txt", ".ann") and file.is_file())
    return guess_bytes(b"\n".join(map(_head, files[:_FILES])))


def guess_bytes(raw: bytes) -> str:
    """``utf-8``, or ``gb18030`` where most lines that are not ASCII are invalid UTF-8 but are valid GB18030.

    A UTF-8 file with a few bad lines is read as UTF-8, so that the bad lines are reported.
    """
    lines = [line for line in raw.split(b"\n") if not line.isascii()]
    valid = sum(_decodes(line, "utf-8") for line in lines)
    chinese = sum(_is_chinese(line) for line in lines)
    return "gb18030" if 2 * valid < len(lines) and 2 * chinese > len(lines) else "utf-8"


def _head(path: Path) -> bytes:
    with open_bytes(path) as stream:
        head = stream.read(_HEAD_BYTES)
    return head[: head.rfind(b"\n")] if len(head) == _HEAD_BYTES and b"\n" in head else head


def _decodes(raw: bytes, encoding: str) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_chinese(raw: bytes) -> bool:
    """Whether a line is GB18030 and most of its non-ASCII characters are those of Chinese text."""
    try:
        text = raw.decode("gb18030")
    except UnicodeDecodeError:
        return False
    beyond = [character for character in text if not character.isascii()]
    common = sum("\u2010" <= character <= "\u9fff" or "\uff00" <= character <= "\uffef" for character in beyond)
    return 2 * common > len(beyond)
