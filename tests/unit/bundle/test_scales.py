from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from paddle_ner.bundle.scales import MatmulScales, read_scales, weight_hash, write_scales
from paddle_ner.errors import BundleError, InputError

HASH = "ab" * 32
SCALES = [MatmulScales(HASH, 0.1, (1 / 3,)), MatmulScales("cd" * 32, 7.25, (1e-3, 2.0, 3.0))]


def test_scales_come_back_from_the_file_as_they_went(tmp_path: Path) -> None:
    write_scales(tmp_path / "quantization.json", SCALES)
    assert read_scales(tmp_path / "quantization.json") == SCALES


def test_the_hash_is_of_the_content_not_of_the_layout() -> None:
    weight = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert weight_hash(np.asfortranarray(weight)) == weight_hash(weight)
    assert weight_hash(weight.T) != weight_hash(weight)


@pytest.mark.parametrize(
    ("activation", "weight"), [(0.0, (1.0,)), (float("nan"), (1.0,)), (1.0, (1.0, -1.0)), (1.0, ())]
)
def test_a_threshold_that_is_no_magnitude_is_refused(activation: float, weight: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="threshold"):
        MatmulScales(HASH, activation, weight)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file; `paddle-ner compress` writes it"),
        ("{", "cannot be read as JSON"),
        (json.dumps({"schema_version": 99, "matmuls": []}), "schema version 99, expected 1"),
        (json.dumps({"schema_version": 1, "matmuls": [{"activation": 1}]}), "not the scales of paddle-ner"),
        (
            json.dumps({"schema_version": 1, "matmuls": [{"weight_sha256": "x", "activation": 1, "weight": [1]}]}),
            "sha256",
        ),
    ],
)
def test_a_file_that_is_not_ours_is_named(content: str | None, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "quantization.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(BundleError, match=reason) as error:
        read_scales(path)
    assert str(path) in str(error.value)
