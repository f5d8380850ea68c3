"""Manifests are read whole or refused in one line; every file of a bundle or a checkpoint is verified.

Tests `paddle_ner.bundle.manifest` too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.bundle import (
    BUNDLE_MANIFEST,
    CHECKPOINT_MANIFEST,
    BundleManifest,
    Manifest,
    OnnxGraph,
    WindowSpec,
    checksums,
    content_checksum,
    read_bundle_manifest,
    read_checkpoint_manifest,
    verify,
    verify_checkpoint,
    write_manifest,
)
from paddle_ner.errors import BundleError

GRAPH = '{"program": {"regions": [{"blocks": [{"ops": [{"#": "p"}, {"#": "1.matmul"}]}]}]}}'
KEY = b"k" * 32


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {"model.json": GRAPH.encode(), "model.pdiparams": b"weights", "tokenizer.json": b"{}"}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    manifest = BundleManifest(
        name="news",
        task={"name": "ner", "labels": ["PER"], "tag_scheme": "BIO"},
        window=WindowSpec(),
        graph="model.json",
        weights="model.pdiparams",
        inputs=["input_ids", "token_type_ids"],
        outputs=["logits"],
        files=checksums(tmp_path),
    )
    write_manifest(tmp_path, manifest)
    return tmp_path


def rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest and its checksum, as an attacker would."""
    path = folder / BUNDLE_MANIFEST
    record = json.loads(path.read_text("utf-8"))
    change(record)
    record["checksum"] = content_checksum(record)
    path.write_text(json.dumps(record))


def one_line(folder: Path, key: bytes | None = None) -> str:
    with pytest.raises(BundleError) as error:
        verify(folder, key)
    message = str(error.value)
    assert message.startswith(str(folder)) and message.isprintable()
    return message


def test_a_bundle_is_verified(folder: Path) -> None:
    assert verify(folder) == read_bundle_manifest(folder)


def test_a_manifest_that_was_changed_is_refused(folder: Path) -> None:
    record = json.loads((folder / BUNDLE_MANIFEST).read_text())
    (folder / BUNDLE_MANIFEST).write_text(json.dumps({**record, "name": "new"}))
    assert read_bundle_manifest(folder).name == "new"
    assert "changed after it was written" in one_line(folder)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"{", "cannot be read as JSON"),
        (b"\xff", "cannot be read as JSON"),
        (b"[]", "valid dictionary"),
        (b'{"schema_version": 99}', "schema version 99 is newer than"),
    ],
)
def test_a_file_that_is_no_manifest_is_one_line(folder: Path, content: bytes, reason: str) -> None:
    (folder / BUNDLE_MANIFEST).write_bytes(content)
    assert reason in one_line(folder)


def test_values_nested_too_deeply_to_be_written_again_are_one_line(folder: Path) -> None:
    deep: list[Any] = []
    for _ in range(600):
        deep = [deep]
    rewrite(folder, lambda record: record["config"].update(deep=deep))
    path = folder / BUNDLE_MANIFEST
    path.write_text(path.read_text().replace("[[[[", "[" * 500).replace("]]]]", "]" * 500))
    assert "nested too deeply" in one_line(folder) or "changed after" in one_line(folder)


@pytest.mark.parametrize("name", ["a\0b", "../model.json", "/etc/hostname", "..", "", "a/b", "a\nb", "a\\b"])
def test_a_name_that_is_no_file_of_the_folder_is_refused(folder: Path, name: str) -> None:
    rewrite(folder, lambda record: record.update(graph=name))
    assert "is not the name of a file" in one_line(folder)
    rewrite(folder, lambda record: record.update(graph="model.json", files={**record["files"], name: "0" * 64}))
    assert "is not the name of a file" in one_line(folder)


@pytest.mark.parametrize("task", [{}, {"name": "ner"}, {"name": "ner", "labels": 5}, {"name": "ner", "labels": [[1]]}])
def test_a_task_that_is_none_is_one_line(folder: Path, task: dict[str, Any]) -> None:
    rewrite(folder, lambda record: record.update(task=task))
    assert f"{BUNDLE_MANIFEST}: task" in one_line(folder)


def test_a_label_that_is_no_text_does_not_end_the_check_of_the_checksum(folder: Path) -> None:
    rewrite(folder, lambda record: record.update(name="\ud800"))
    assert verify(folder).name == "\ud800"


@pytest.mark.parametrize("missing", ["model.json", "model.pdiparams", "tokenizer.json"])
def test_every_file_that_serving_needs_has_a_checksum(folder: Path, missing: str) -> None:
    rewrite(folder, lambda record: record["files"].pop(missing))
    assert f"{missing} has no sha256" in one_line(folder)


def test_terms_without_a_checksum_are_refused(folder: Path) -> None:
    rewrite(folder, lambda record: record.update(terms={"file": "terms.tsv", "mode": "before"}))
    assert "terms.tsv has no sha256" in one_line(folder)


def test_a_file_that_was_changed_is_named(folder: Path) -> None:
    (folder / "model.pdiparams").write_bytes(b"other")
    assert "model.pdiparams: its sha256 is not the one" in one_line(folder)


@pytest.mark.parametrize("name", ["model.json", "model.onnx"])
def test_a_graph_that_does_more_than_compute_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_text(GRAPH.replace("matmul", "read_file"))
    manifest = read_bundle_manifest(folder)
    onnx = {"fp32": OnnxGraph(file=name, opset=17, runtime="1", matmuls=1)} if name == "model.onnx" else {}
    (folder / BUNDLE_MANIFEST).unlink()
    write_manifest(folder, manifest.model_copy(update={"files": checksums(folder), "onnx": onnx}))
    reason = "pd_op.read_file" if name == "model.json" else "cannot be read as a graph"
    assert name in one_line(folder) and reason in one_line(folder)


def test_a_signed_bundle_is_verified_by_its_key_alone(folder: Path) -> None:
    assert "is not signed" in one_line(folder, KEY)
    write_manifest(folder, read_bundle_manifest(folder), KEY)
    assert verify(folder, KEY).signature
    assert "signed by another key" in one_line(folder, b"other" * 8)
    verify(folder)


def test_a_signature_ends_with_the_manifest_that_it_is_of(folder: Path) -> None:
    write_manifest(folder, read_bundle_manifest(folder), KEY)
    rewrite(folder, lambda record: record.update(name="new"))
    assert "signed by another key" in one_line(folder, KEY)
    write_manifest(folder, read_bundle_manifest(folder))
    assert read_bundle_manifest(folder).signature == ""


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
