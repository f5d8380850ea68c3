"""Writing files that appear when they are complete: a half-written file is never visible."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from paddle_ner.data.packing import packed
from paddle_ner.data.writers import Record, Writer, writer_of
from paddle_ner.errors import InputError, ResourceError
from paddle_ner.files import is_full_disk, whole_file
from paddle_ner.types import Example


def write(path: str | Path, examples: Iterable[Example], format: str | None = None) -> int:
    """Write labelled examples and return how many there were.

    The file appears under its name only when it is complete; if `examples` raises, an earlier file stays.

    Args:
        path: the file; packed if its name ends in ``.gz``, ``.bz2``, ``.xz`` or ``.zst``.
        examples: to write.
        format: one of `WRITERS`; None: as the name of the file says, such as ``.conll``.

    Raises:
        InputError: the folder is absent or may not be written, the name says no format that can be written, or an
            example does not fit into it.
        ResourceError: the disk is full.
    """
    path = Path(path)
    return write_records(path, Record.of(examples), writer_of(path, format))


def write_records(path: Path, records: Iterable[Record], writer: Writer) -> int:
    """Write records as `write` does."""
    if writer.to_path is not None:
        return _write_to_path(path, records, writer)
    with written(path) as stream:
        return writer.write(records, stream)


def _write_to_path(path: Path, records: Iterable[Record], writer: Writer) -> int:
    """Write a format that is not one text to a new folder, or to a file that appears whole."""
    if str(path) == "-":
        raise InputError(f"format {writer.name} cannot go to the standard output: name a path")
    if not writer.is_folder:
        with whole_file(path) as temporary:
            return writer.write_to(records, temporary)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError(f"{path}: exists already, expected the name of a new folder for {writer.name}")
    if not path.absolute().parent.is_dir():
        raise InputError(f"{path}: cannot be written: no folder {path.absolute().parent}")
    with TemporaryDirectory(prefix=".paddle-ner-", dir=path.absolute().parent) as beside:
        made = Path(beside) / "made"
        count = writer.write_to(records, made)
        if path.exists():
            path.rmdir()
        made.rename(path)
    return count


@contextmanager
def written(path: Path) -> Iterator[IO[str]]:
    """A stream in UTF-8 whose content becomes the file `path` if the block ends without an error.

    Devices, pipes and the standard output, which ``-`` names, are written directly. Raises as `write` does.
    """
    if str(path) == "-":
        if sys.stdout is None:
            raise InputError("-: the standard output is closed, name a file")
        yield sys.stdout
        sys.stdout.flush()
        return
    if path.exists() and not path.is_file() and not path.is_dir():
        try:
            with path.open("w", encoding="utf-8", newline="\n") as stream:
                yield stream
        except BrokenPipeError:
            raise
        except OSError as error:
            kind = ResourceError if is_full_disk(error) else InputError
            raise kind(f"{path}: cannot be written: {error.strerror or error}") from error
        return
    with (
        whole_file(path) as temporary,
        temporary.open("wb") as file,
        packed(path, file) or nullcontext(file) as raw,
        io.TextIOWrapper(raw, "utf-8", newline="\n") as stream,
    ):
        yield stream
