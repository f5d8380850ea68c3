"""Folders that appear whole: written under another name, flushed to the disk, and renamed."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from paddle_ner.errors import InputError


@contextmanager
def replacing(target: Path, mark: str, what: str, ours: Callable[[Path], set[str]]) -> Iterator[Path]:
    """A temporary folder beside `target` that takes its name, and the place of an older one, when the block ends well.

    Its files can be read by whom the umask lets read new files, whoever wrote them.

    Args:
        target: the folder to make.
        mark: the name of the file that such a folder is known by.
        what: such a folder is called.
        ours: the names in such a folder that this package wrote.

    Raises:
        InputError: `target` holds anything else, or files that this package did not write.
    """
    if target.exists() and not _replaceable(target, mark, ours):
        raise InputError(f"{target}: holds something else than a {what} of paddle-ner; name another output folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f".{target.name}.new-*"):
        shutil.rmtree(left)
    temporary = target.with_name(f".{target.name}.new-{uuid.uuid4().hex}")
    temporary.mkdir()
    try:
        yield temporary
        readable = temporary.stat().st_mode & 0o666
        for path in temporary.rglob("*"):
            path.chmod(path.stat().st_mode | readable)  # safetensors writes for the owner alone
            sync(path)
        sync(temporary)
        _swap(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def sync(path: Path) -> None:
    """Have what was written to a file or folder on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _swap(new: Path, target: Path) -> None:
    """Give `new` the name of `target`; what stood there goes once it has."""
    old = target.with_name(f".{target.name}.old")
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    sync(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def _replaceable(folder: Path, mark: str, ours: Callable[[Path], set[str]]) -> bool:
    """Whether `folder` may be written anew: empty, or of this kind with no file in it that is not ours."""
    if not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir()}
    return not names or (mark in names and names <= ours(folder))
