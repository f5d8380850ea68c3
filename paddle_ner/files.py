"""Files and folders that appear complete: written under a temporary name, flushed to the disk, and renamed."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from paddle_ner.errors import InputError, PaddleNerError, ResourceError

_BLOCK = 1 << 20


def sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def sync(path: Path) -> None:
    """Flush what was written to a file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_full_disk(error: BaseException) -> bool:
    """Whether the disk ran out of space; safetensors reports that with its own error class."""
    return getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "No space left" in str(error)


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A temporary path beside `target` that gets its name when the block succeeds; otherwise `target` stays as it was.

    The block writes a file to that path. Two writers of a target do not disturb each other: the last to finish wins.

    Raises:
        InputError: `target` cannot be written: it is a folder, its folder is missing, or access is denied.
        ResourceError: the disk is full.
    """
    target = _written_to(target)
    if target.is_dir():
        raise InputError(f"{target}: is a folder, expected the name of a file to write")
    _remove_leftovers(target)
    temporary = _temporary(target)
    try:
        with _one_line(target):
            yield temporary
            sync(temporary)
            temporary.replace(target)
            sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def shared_file(target: Path) -> Iterator[IO[bytes]]:
    """A stream to a file that appears whole, which processes of machines with a shared disk may write at the same time.

    It is not flushed to the disk: this is for files that can be computed again.
    """
    temporary = _temporary(target)
    try:
        with temporary.open("wb") as stream:
            yield stream
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(
    target: Path, marker: str, kind: str, written_by_us: Callable[[Path], set[str]] | None = None
) -> Iterator[Path]:
    """A temporary folder beside `target` that replaces `target` when the block succeeds.

    Its files get the permissions that the umask gives to new files, whatever wrote them.

    Args:
        target: the folder to make.
        marker: the name of the file that marks such a folder.
        kind: what such a folder is called in messages.
        written_by_us: the names in an older folder that this package wrote; None if it may only hold `marker`.

    Raises:
        InputError: `target` holds anything else, or files that this package did not write, or cannot be written.
        ResourceError: the disk is full.
    """
    target = _written_to(target)
    if target.exists() and not _is_replaceable(target, marker, written_by_us or (lambda _: {marker})):
        raise InputError(f"{target}: holds something else than a {kind} of paddle-ner; name another output folder")
    _remove_leftovers(target)
    temporary = _temporary(target)
    try:
        with _one_line(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.mkdir()
            yield temporary
            readable = temporary.stat().st_mode & 0o666
            for path in temporary.rglob("*"):
                path.chmod(path.stat().st_mode | readable)  # safetensors gives permissions to the owner only
                sync(path)
            sync(temporary)
            _swap(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _written_to(target: Path) -> Path:
    """`target` as an absolute path with a name, which ``.`` and ``..`` do not have."""
    return Path(os.path.abspath(target))  # noqa: PTH100  # Path.resolve would follow a link that is to be replaced


def _temporary(target: Path) -> Path:
    """A name that only this process uses."""
    return target.with_name(f".{target.name}.new-{os.getpid()}-{uuid.uuid4().hex}")


def _remove_leftovers(target: Path) -> None:
    """Remove temporary files and folders whose process was killed; those of living processes stay."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.new-(\d+)-[0-9a-f]{{32}}")
    if target.parent.is_dir():
        for path in target.parent.iterdir():
            match = pattern.fullmatch(path.name)
            if match and not _is_alive(int(match[1])):
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def _one_line(target: Path) -> Iterator[None]:
    """Turn the system's error for a path that cannot be written into one line that names `target`."""
    try:
        yield
    except PaddleNerError:
        raise
    except Exception as error:  # safetensors has its own error class
        if is_full_disk(error):
            message = f"{target}: no space left on the disk: free some space, or name another output"
            raise ResourceError(message) from error
        if isinstance(error, OSError) and error.errno is not None and _is_about(error, target):
            raise InputError(f"{target}: cannot be written: {error.strerror or error}") from error
        raise


def _is_about(error: OSError, target: Path) -> bool:
    """Whether an error is about `target` or its folder, and not about a file that the block reads."""
    named = Path(os.fsdecode(error.filename)) if error.filename else target
    return named == target.parent or named.parent == target.parent or named in target.parents


def _swap(new: Path, target: Path) -> None:
    """Give `new` the name of `target`; an older one is removed afterwards."""
    old = target.with_name(f".{target.name}.old-{uuid.uuid4().hex}")
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if old.exists() and not target.exists():
            old.rename(target)
        raise
    sync(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def _is_replaceable(folder: Path, marker: str, written_by_us: Callable[[Path], set[str]]) -> bool:
    """Whether `folder` may be replaced: it is empty, or of this kind without a file that is not ours."""
    if not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir()}
    return not names or (marker in names and names <= written_by_us(folder))
