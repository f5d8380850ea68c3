"""Where what is made once is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_ner.cache import cache_folder


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PADDLE_NER_CACHE": "/c"}, Path("/c")),
        ({"PADDLE_NER_CACHE": "", "XDG_CACHE_HOME": "/x"}, Path("/x/paddle-ner")),
        ({"PADDLE_NER_CACHE": "", "XDG_CACHE_HOME": "", "HOME": "/h"}, Path("/h/.cache/paddle-ner")),
    ],
)
def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: Path) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == expected
