"""Bytes to lines: encodings, byte order marks, line ends. Bytes that cannot be decoded are reported, not dropped."""

from __future__ import annotations

import atexit
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from paddle_ner.data.packing import MAGIC_BYTES, unpacked
from paddle_ner.errors import InputError

BYTE_ORDER_MARK = "\ufeff"
_PATTERN = re.compile(r"[*?\[]")
_ESCAPED = re.compile("[\udc80-\udcff]")


class Line(NamedTuple):
    """One line; `fault` says why it could not be decoded (`text` then holds escaped bytes).

    Attributes:
        end: its line end, which `text` does not have.
    """

    number: int
    text: str
    fault: str | None = None
    end: str = "\n"


class DecodingFault(ValueError):
    """A file that is a single text has bytes of another encoding."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def is_standard_input(path: Path) -> bool:
    """Whether a path stands for the standard input: ``-``."""
    return str(path) == "-"


def has_wildcard(path: Path) -> bool:
    """Whether a path is a pattern for several files: it has ``*``, ``?`` or ``[``, and no file has this name."""
    return _PATTERN.search(str(path)) is not None and not path.exists()


def expand(path: Path) -> list[Path]:
    """The files that a path names: itself, or those that match it in order of their names if it is a pattern.

    Raises InputError if nothing matches a pattern.
    """
    if not has_wildcard(path):
        return [path]
    anchor = Path(path.anchor or ".")
    files = sorted(file for file in anchor.glob(str(path.relative_to(path.anchor))) if file.is_file())
    if not files:
        raise InputError(f"{path}: no file matches")
    return files


class _Pipes:
    """The content of pipes, kept in files, since a file is read twice, to recognise its format and to read it."""

    def __init__(self) -> None:
        self._read: dict[tuple[object, ...], tuple[object, Path]] = {}

    def path(self, path: Path) -> Path:
        """A regular file as it is; for the standard input and other pipes, a file until the process ends."""
        if is_standard_input(path):
            if sys.stdin is None:
                raise InputError("-: the standard input is closed, name a file")
            return self._kept(("-", id(sys.stdin)), sys.stdin, lambda: sys.stdin.buffer)
        if path.is_fifo():
            status = path.stat()
            return self._kept((status.st_dev, status.st_ino), None, lambda: path.open("rb"))
        return path

    def _kept(self, key: tuple[object, ...], source: object, opened: Callable[[], IO[bytes]]) -> Path:
        if key not in self._read:
            with tempfile.NamedTemporaryFile(prefix="paddle-ner-", delete=False) as file:
                atexit.register(Path(file.name).unlink, missing_ok=True)
                shutil.copyfileobj(opened(), file)
            self._read[key] = source, Path(file.name)
        return self._read[key][1]


_pipes = _Pipes()


def open_bytes(path: Path) -> IO[bytes]:
    """The file opened for reading, unpacked if it is packed (`packing`); ``-`` is the standard input.

    Raises InputError if it is absent or UTF-16, MissingPackageError if what unpacks it is not installed.
    """
    try:
        stream = _pipes.path(path).open("rb")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    magic = stream.read(MAGIC_BYTES)
    stream.seek(0)
    if magic[:2] in (b"\xff\xfe", b"\xfe\xff"):
        stream.close()
        raise InputError(
            f"{path}: UTF-16, expected UTF-8 or GB18030: convert it, for example with iconv -f utf-16 -t utf-8"
        )
    return unpacked(stream, magic, path)


def lines(path: Path, encoding: str) -> Iterator[Line]:
    """The lines of a file, split at LF or CRLF alone, so that U+2028 or U+0085 inside a text stays there.

    Raises InputError for a file whose lines end with CR alone, which would be a single line.
    """
    with open_bytes(path) as stream:
        for number, raw in enumerate(stream, start=1):
            if number == 1 and raw.count(b"\r") > 1 and not raw.endswith(b"\n"):
                raise InputError(
                    f"{path}: lines end with CR alone, expected LF or CRLF: convert it, as tr '\\r' '\\n' does"
                )
            whole_line, raw = raw, raw.removesuffix(b"\n").removesuffix(b"\r")
            end = whole_line[len(raw) :].decode("ascii")
            fault = None
            try:
                text = raw.decode(encoding)
            except UnicodeDecodeError as error:
                text = raw.decode(encoding, errors="surrogateescape")
                fault = _fault(raw[error.start], error.start, encoding)
            yield Line(number, text.removeprefix(BYTE_ORDER_MARK) if number == 1 else text, fault, end)


def whole(path: Path, encoding: str) -> str:
    """The text of a whole file with its line ends as they are. Raises DecodingFault."""
    with open_bytes(path) as stream:
        raw = stream.read()
    try:
        return raw.decode(encoding).removeprefix(BYTE_ORDER_MARK)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1)
        raise DecodingFault(line, _fault(raw[error.start], column, encoding)) from error


def escaped_fault(text: str, encoding: str) -> str | None:
    """What `text`, decoded with surrogateescape, hides: None if every byte was valid."""
    match = _ESCAPED.search(text)
    return None if match is None else _fault(ord(match[0]) & 0xFF, None, encoding)


def _fault(byte: int, column: int | None, encoding: str) -> str:
    where = "" if column is None else f" at byte {column + 1} of the line"
    name = "UTF-8" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    is_utf8 = name == "UTF-8"
    fix = "if the file is GB18030, say encoding gb18030" if is_utf8 else "check the encoding that was asked for"
    return f"invalid {name}: byte 0x{byte:02X}{where}, expected {name}; {fix}"
