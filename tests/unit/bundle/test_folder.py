"""Manifests are read as they were written; a file that was changed is refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from paddle_ner.bundle import (
    BUNDLE_MANIFEST,
    CHECKPOINT_MANIFEST,
    Manifest,
    WindowSpec,
    read_bundle_manifest,
    read_checkpoint_manifest,
    verify,
    verify_checkpoint,
    write_manifest,
)
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


MANIFEST = Manifest(name="new", task={"name": "ner", "labels": ["PER"], "tag_scheme": "BIO"}, window=WindowSpec())


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"content of " + name.encode())
    write_manifest(tmp_path, MANIFEST)
    return tmp_path


def test_a_whole_checkpoint_is_verified(checkpoint: Path) -> None:
    assert verify_checkpoint(checkpoint) == read_checkpoint_manifest(checkpoint) == MANIFEST


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_one_flipped_bit_of_a_checkpoint_is_refused(checkpoint: Path, name: str) -> None:
    content = bytearray((checkpoint / name).read_bytes())
    content[3] ^= 0x40
    (checkpoint / name).write_bytes(content)
    with pytest.raises(BundleError, match=f"{name}: its sha256 is not the one in paddle_ner.json"):
        verify_checkpoint(checkpoint)


def test_a_changed_manifest_of_a_checkpoint_is_refused(checkpoint: Path) -> None:
    text = (checkpoint / CHECKPOINT_MANIFEST).read_text()
    (checkpoint / CHECKPOINT_MANIFEST).write_text(text.replace('"PER"', '"LOC"'))
    with pytest.raises(BundleError, match="changed after it was written"):
        verify_checkpoint(checkpoint)


def test_a_checkpoint_without_a_file_is_refused(checkpoint: Path) -> None:
    (checkpoint / "model.safetensors").unlink()
    with pytest.raises(BundleError, match=r"model\.safetensors: no such file"):
        verify_checkpoint(checkpoint)


def test_a_checkpoint_without_checksums_is_refused(checkpoint: Path) -> None:
    (checkpoint / CHECKPOINT_MANIFEST).write_text(MANIFEST.model_dump_json())
    with pytest.raises(BundleError, match=r"config\.json has no sha256"):
        verify_checkpoint(checkpoint)
