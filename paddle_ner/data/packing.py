"""Packed files: gzip, bzip2, xz and Zstandard, by their first bytes when read, by name when written."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from paddle_ner.environment import require
from paddle_ner.errors import InputError

_BLOCK = 1 << 17
MAGIC_BYTES = 6
"""The number of first bytes that identify every packing."""


@dataclass(frozen=True, slots=True)
class Packing:
    """One way to pack files.

    Attributes:
        magic: the first bytes of such a file.
        unpack: opens a stream of them for reading.
        pack: opens a stream for writing them.
    """

    magic: bytes
    unpack: Callable[[IO[bytes]], Any]
    pack: Callable[[IO[bytes]], Any]


def _pack_bzip2(stream: IO[bytes]) -> Any:
    return bz2.BZ2File(stream, "wb")


def _pack_xz(stream: IO[bytes]) -> Any:
    return lzma.LZMAFile(stream, "wb")


def _unpack_zstandard(stream: IO[bytes]) -> Any:
    require("zstandard", needed_for=f"{stream.name}: reading Zstandard")
    return _Zstandard(stream)


def _pack_zstandard(stream: IO[bytes]) -> Any:
    require("zstandard", needed_for="writing Zstandard")
    import zstandard

    return zstandard.ZstdCompressor().stream_writer(stream, closefd=False)


_PACKINGS = {
    ".gz": Packing(
        b"\x1f\x8b\x08",
        lambda stream: gzip.GzipFile(fileobj=stream),
        lambda stream: gzip.GzipFile("", "wb", fileobj=stream, mtime=0),
    ),
    ".bz2": Packing(b"BZh", bz2.BZ2File, _pack_bzip2),
    ".xz": Packing(b"\xfd7zXZ\x00", lzma.LZMAFile, _pack_xz),
    ".zst": Packing(b"\x28\xb5\x2f\xfd", _unpack_zstandard, _pack_zstandard),
}
"""By the suffix of their files."""


class _Zstandard:
    """Reads frames of Zstandard one after another; zstandard's own reader accepts a file that ends early."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._frame: Any = None  # None between two frames
        self._packed = b""
        self._ready = memoryview(b"")

    def read(self, size: int) -> memoryview:
        """The next bytes, at most `size`; none at the end. Raises EOFError in the middle of a frame."""
        import zstandard

        while not self._ready:
            raw = self._packed or self._stream.read(_BLOCK)
            self._packed = b""
            if not raw:
                if self._frame is not None:
                    raise EOFError("the file ends in the middle of a frame of Zstandard")
                break
            self._frame = self._frame or zstandard.ZstdDecompressor().decompressobj()
            self._ready = memoryview(self._frame.decompress(raw))
            if self._frame.eof:
                self._packed, self._frame = self._frame.unused_data, None
        chunk, self._ready = self._ready[:size], self._ready[size:]
        return chunk

    def seekable(self) -> bool:
        """Only from the beginning to the end."""
        return False

    def close(self) -> None:
        """Close the packed stream."""
        self._stream.close()


class _Unpacked(io.RawIOBase):
    """An unpacked stream that raises InputError for damaged content, whatever the errors of the packing are."""

    def __init__(self, source: Any, packed: IO[bytes], path: Path) -> None:
        self._source, self._packed, self._path = source, packed, path

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self._source.seekable())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._source.seek(offset, whence))

    def tell(self) -> int:
        return int(self._source.tell())

    def readinto(self, buffer: Any) -> int:
        try:
            chunk = self._source.read(len(buffer))
        except MemoryError:
            raise
        except Exception as error:  # gzip's, lzma's and zstandard's own
            raise InputError(f"{self._path}: cannot be read to its end: {error}") from error
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        if not self.closed:
            self._source.close()
            self._packed.close()
        super().close()


def unpacked(stream: IO[bytes], magic: bytes, path: Path) -> IO[bytes]:
    """A file as it is, or unpacked if its first bytes, `magic`, are those of a packing; messages call it `path`.

    Raises MissingPackageError for Zstandard if its package is not installed. Reading from it raises InputError if the
    file ends early or is damaged.
    """
    for packing in _PACKINGS.values():
        if magic.startswith(packing.magic):
            return cast(IO[bytes], io.BufferedReader(_Unpacked(packing.unpack(stream), stream, path)))
    return stream


def packed(path: Path, stream: IO[bytes]) -> AbstractContextManager[IO[bytes]] | None:
    """A stream that packs what is written to it into another one, as the name of a file says, or None."""
    packing = _PACKINGS.get(path.suffix.lower())
    return None if packing is None else cast("AbstractContextManager[IO[bytes]]", packing.pack(stream))


def unpacked_name(name: str) -> str:
    """The name of a file in lower case, without the suffix of a packing."""
    lower = name.lower()
    suffix = Path(lower).suffix
    return lower.removesuffix(suffix) if suffix in _PACKINGS else lower
