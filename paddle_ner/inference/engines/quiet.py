"""Hides what Paddle's int8 passes print to stderr at any log level: a line per pass, thirty per engine."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_NOISE = b"\x1b[37m--- "


@contextmanager
def without_pass_statistics() -> Iterator[None]:
    """Leave out these lines; everything else that is written to stderr in the block appears when the block ends."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            file.seek(0)
            os.write(2, b"".join(line for line in file if not line.startswith(_NOISE)))
            os.close(kept)
