from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of public data sets; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("PADDLE_NER_DATA", ""))
    if not os.environ.get("PADDLE_NER_DATA") or not folder.is_dir():
        pytest.skip("PADDLE_NER_DATA names no folder of data sets")
    return folder
