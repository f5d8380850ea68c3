from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.data import ReadOptions, read
from paddle_ner.errors import Problem
from paddle_ner.types import Example

MakeFile = Callable[[str, "str | bytes"], Path]
ReadAll = Callable[..., "tuple[list[Example], list[Problem]]"]


@pytest.fixture
def make_file(tmp_path: Path) -> MakeFile:
    """Write a file of the test's own folder; text becomes UTF-8 with the line ends that it has."""

    def make(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


@pytest.fixture
def read_all() -> ReadAll:
    """Examples and problems of a file; keywords are fields of ReadOptions."""

    def read_path(path: Path, format: str | None = None, **options: Any) -> tuple[list[Example], list[Problem]]:
        problems: list[Problem] = []
        return list(read(path, format, options=ReadOptions(**options), on_problem=problems.append)), problems

    return read_path
