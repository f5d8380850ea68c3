"""Writing canonical JSON lines so that a half-written file is never seen."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable
from pathlib import Path

from paddle_ner.errors import InputError, ResourceError
from paddle_ner.types import Example


def write(path: str | Path, examples: Iterable[Example]) -> int:
    """Write examples as canonical JSON lines and return how many there were.

    The file appears under its name only when it is complete; where `examples` raises, what stood there stays.

    Raises:
        InputError: the folder is absent or may not be written.
        ResourceError: the disk is full.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    count = 0
    try:
        try:
            with temporary.open("w", encoding="utf-8", newline="\n") as stream:
                for example in examples:
                    stream.write(json.dumps(example.to_dict(), ensure_ascii=False) + "\n")
                    count += 1
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise ResourceError(f"{path}: the disk is full, free some space and run it again") from error
            raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
    return count
