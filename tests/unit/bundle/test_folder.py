"""Manifests of earlier versions are read as they were written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from paddle_ner.bundle import BUNDLE_MANIFEST, read_bundle_manifest, verify
from paddle_ner.errors import BundleError

FILES = {"model.json": b"graph", "model.pdiparams": b"weights", "model.onnx": b"onnx", "tokenizer.json": b"{}"}


@pytest.fixture
def old_bundle(tmp_path: Path) -> Path:
    """As version 0.1.0 wrote it: `onnx` is a name, and no field that came later is there."""
    record = {
        "schema_version": 1,
        "name": "old",
        "task": {"name": "ner", "labels": ["PER"], "tag_scheme": "BIO"},
        "window": {"size": 128, "overlap": 32},
        "precision": "fp32",
        "graph": "model.json",
        "weights": "model.pdiparams",
        "onnx": "model.onnx",
        "inputs": ["input_ids", "token_type_ids"],
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()},
    }
    text = json.dumps(record, ensure_ascii=False, sort_keys=True)
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    checksum = hashlib.sha256(text.encode()).hexdigest()
    (tmp_path / BUNDLE_MANIFEST).write_text(json.dumps({**record, "checksum": checksum}))
    return tmp_path


def test_a_bundle_of_an_earlier_version_is_verified_and_its_onnx_file_found(old_bundle: Path) -> None:
    assert verify(old_bundle).onnx_files == {"fp32": "model.onnx"}


def test_a_manifest_that_was_changed_is_refused(old_bundle: Path) -> None:
    record = json.loads((old_bundle / BUNDLE_MANIFEST).read_text())
    (old_bundle / BUNDLE_MANIFEST).write_text(json.dumps({**record, "name": "new"}))
    assert read_bundle_manifest(old_bundle).name == "new"
    with pytest.raises(BundleError, match="changed after it was written"):
        verify(old_bundle)
