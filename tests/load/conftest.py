from __future__ import annotations

from pathlib import Path

import pytest

from paddle_ner import tasks


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real bundle with random weights."""
    pytest.importorskip("paddle")
    pytest.importorskip("paddlenlp")
    from tests.integration.tiny_bundles import make_bundle

    return make_bundle(tmp_path_factory.mktemp("load"), "tiny", tasks.create("ner", ["LOC", "ORG", "PER"]))
