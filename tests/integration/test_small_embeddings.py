"""Embeddings in fewer bytes: smaller files, the answers of the model that they stand for, and a gate on the dev set.

Tests `paddle_ner.export.embeddings` too.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from paddle_ner import bundle, data
from paddle_ner.bundle.manifest import Storage
from paddle_ner.cli import main
from paddle_ner.errors import GateError, InputError
from paddle_ner.export import export
from paddle_ner.export.embeddings import rounded


@pytest.fixture
def whole_bundle(checkpoint: Path, tmp_path: Path) -> Path:
    return export(checkpoint, tmp_path / "whole").bundle


def test_int8_is_off_by_at_most_half_a_step() -> None:
    table = np.random.default_rng(0).normal(size=(50, 16)).astype(np.float32)
    table[7] = 0
    values, scales = rounded(table)
    assert values.dtype == np.int8
    assert np.all(np.abs(values * scales - table) <= scales / 2 * 1.001)
    assert np.abs(values[np.arange(50) != 7]).max(axis=1).min() == 127


@pytest.mark.parametrize("storage", ["fp16", "int8"])
def test_a_bundle_with_smaller_embeddings_is_smaller_and_scored(
    checkpoint: Path, whole_bundle: Path, tmp_path: Path, storage: Storage
) -> None:
    dev = data.load(checkpoint.parent.parent / "dev.jsonl")
    made = export(checkpoint, tmp_path / "small", embeddings=storage, examples=dev, onnx=True)
    whole = bundle.read_bundle_manifest(whole_bundle)
    rows = json.loads((checkpoint / "config.json").read_text("utf-8"))
    entries = (rows["vocab_size"] + rows["max_position_embeddings"]) * rows["hidden_size"]
    saved = (whole_bundle / whole.weights).stat().st_size - (made.bundle / made.manifest.weights).stat().st_size
    assert saved >= entries * (2 if storage == "fp16" else 2.5)
    (record,) = made.manifest.transforms
    assert record["storage"] == storage
    assert record["f1"]["before"] - record["f1"]["after"] <= record["max_drop"]


def test_embeddings_that_cost_too_much_are_refused(checkpoint: Path, tmp_path: Path) -> None:
    dev = data.load(checkpoint.parent.parent / "dev.jsonl")
    with pytest.raises(InputError, match="judged by labelled examples"):
        export(checkpoint, tmp_path / "small", embeddings="int8")
    with pytest.raises(GateError, match="nothing was written"):
        export(checkpoint, tmp_path / "small", embeddings="int8", examples=dev, max_drop=-0.01)
    assert not (tmp_path / "small").exists()


def test_the_command_line_takes_the_dev_set_of_the_config(checkpoint: Path, tmp_path: Path) -> None:
    line = ["export", str(checkpoint), "-o", str(tmp_path / "small"), "--embeddings", "fp16", "--no-tune"]
    assert main(line) == 0
    assert bundle.verify(tmp_path / "small").transforms[0]["examples"] == 37
