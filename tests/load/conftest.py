from __future__ import annotations

import sys
from pathlib import Path

import pytest

from paddle_ner import tasks

ROOT = Path(__file__).parents[2]
for folder in ("serving/load", "tests/unit/serving", "tests/integration"):  # the generator, the server, the bundles
    sys.path.insert(0, str(ROOT / folder))


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real bundle with random weights."""
    pytest.importorskip("paddle")
    pytest.importorskip("paddlenlp")
    from tiny_bundles import make_bundle

    return make_bundle(tmp_path_factory.mktemp("load"), "tiny", tasks.create("ner", ["LOC", "ORG", "PER"]))
