"""Small models made on the spot: a real config, trained for real, in seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_ner.export import export
from paddle_ner.training import train
from tests.integration.small_models import small_config


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained run: ``checkpoint/`` and what stands beside it, with ``dev.jsonl`` in the folder above."""
    folder = tmp_path_factory.mktemp("small")
    train(small_config(folder), folder / "run")
    return folder / "run"


@pytest.fixture(scope="session")
def checkpoint(run_folder: Path) -> Path:
    """A trained checkpoint."""
    return run_folder / "checkpoint"


@pytest.fixture(scope="session")
def bundle(checkpoint: Path) -> Path:
    """The bundle of `checkpoint`."""
    return export(checkpoint, checkpoint.parent / "bundle").bundle
