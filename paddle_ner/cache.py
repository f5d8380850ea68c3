"""Folders that are made once and kept in the user's cache: whole, by one process at a time, and again if damaged."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from paddle_ner.errors import InputError, ResourceError
from paddle_ner.files import whole_folder


def cache_folder() -> Path:
    """The folder of paddle-ner's caches: PADDLE_NER_CACHE, or ``paddle-ner`` in the cache of the user."""
    named = os.environ.get("PADDLE_NER_CACHE")
    if named:
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "paddle-ner"


def made_once(
    name: str,
    title: str,
    is_whole: Callable[[Path], bool],
    make: Callable[[Path], None],
    log: Callable[[str], None],
) -> Path:
    """The folder `name` of the cache; made if it is not there or not whole.

    Args:
        name: of the folder.
        title: what it holds, for messages.
        is_whole: whether each file of such a folder is there and undamaged.
        make: writes the files into an empty folder, which becomes the cached one when all are written.
        log: told where it is made.

    Raises:
        InputError, ResourceError: the cache cannot be written, or the disk is full.
    """
    target = cache_folder() / name
    if is_whole(target):
        return target
    log(f"{title} is put together {'again, since it is damaged' if target.exists() else 'once'}, in {target}")
    try:
        with _alone(target):
            if not is_whole(target):  # another process may have been faster
                shutil.rmtree(target, ignore_errors=True)
                with whole_folder(target, "", "cache") as temporary:
                    make(temporary)
    except (InputError, ResourceError) as error:
        raise type(error)(f"{error} (PADDLE_NER_CACHE names another folder for {title})") from error
    return target


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Let one process at a time make `target`. Raises InputError where its folder cannot be written."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = (target.parent / f"{target.name}.lock").open("w", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{target.parent}: {error.strerror}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
