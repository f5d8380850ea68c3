from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: a busy machine is not a defect. In CI the same examples every time, so that a run says something of the
# change and not of the dice; elsewhere hypothesis goes on looking for new ones.
settings.register_profile("explore", deadline=None)
settings.register_profile("same-every-time", deadline=None, derandomize=True, database=None)
settings.load_profile("same-every-time" if os.environ.get("CI") else "explore")
# The default model is put together here, not in the cache of whoever runs the tests.
os.environ.setdefault("PADDLE_NER_CACHE", str(Path(tempfile.gettempdir()) / "paddle-ner-tests"))


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of public data sets; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("PADDLE_NER_DATA", ""))
    if not os.environ.get("PADDLE_NER_DATA") or not folder.is_dir():
        pytest.skip("PADDLE_NER_DATA names no folder of data sets")
    return folder
