"""Checkpoints and bundles on disk: manifests read and written, every file of them verified.

A bundle is complete, verified and enough to serve: ``manifest.json``, the static graph, ``tokenizer.json``. It is
written to a temporary folder and renamed, so that a half-written bundle never has a manifest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from paddle_ner.bundle.manifest import SCHEMA_VERSION, BundleManifest, Manifest
from paddle_ner.errors import BundleError, InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.files import sha256, whole_file, whole_folder

BUNDLE_MANIFEST = "manifest.json"
CHECKPOINT_MANIFEST = "paddle_ner.json"
TOKENIZER = "tokenizer.json"
ENCODER_CONFIG = "config.json"
WEIGHTS = "model.safetensors"
_CHECKPOINT_FILES = (ENCODER_CONFIG, WEIGHTS, TOKENIZER)
# What the file of a checkpoint's manifest holds beside the manifest itself: about the folder, not about the model.
_INTEGRITY = ("files", "checksum")


def content_checksum(record: dict[str, Any]) -> str:
    """Of a manifest as it stands in its file: fields that a later version adds change nothing in an older bundle."""
    content = {name: value for name, value in record.items() if name != "checksum"}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


C = TypeVar("C", bound=Manifest)


def is_bundle(folder: Path) -> bool:
    """Whether `folder` holds a manifest."""
    return (folder / BUNDLE_MANIFEST).is_file()


def is_checkpoint(folder: Path) -> bool:
    """Whether `folder` holds the manifest of a checkpoint."""
    return (folder / CHECKPOINT_MANIFEST).is_file()


def read_checkpoint_manifest(folder: Path) -> Manifest:
    """The manifest of a checkpoint, its files not yet verified. Raises BundleError, naming the file."""
    return _read(folder / CHECKPOINT_MANIFEST, Manifest)[0]


def read_bundle_manifest(folder: Path) -> BundleManifest:
    """The manifest of a bundle, its files not yet verified. Raises BundleError, naming the file."""
    return _read(folder / BUNDLE_MANIFEST, BundleManifest)[0]


def _read(path: Path, model: type[C]) -> tuple[C, dict[str, Any]]:
    """The manifest, and the record in its file."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        kind = "bundle" if model is BundleManifest else "checkpoint"
        raise BundleError(f"{path}: no such file; {path.parent} is not a {kind} of paddle-ner") from None
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: cannot be read as JSON: {error}") from None
    version = record.get("schema_version") if isinstance(record, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise BundleError(
            f"{path}: schema version {version} is newer than {SCHEMA_VERSION}, the newest that this version reads;"
            " upgrade paddle-ner"
        )
    try:
        content = record
        if model is Manifest and isinstance(record, dict):
            content = {name: value for name, value in record.items() if name not in _INTEGRITY}
        manifest = model.model_validate(content)
        manifest.build_task()
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BundleError(f"{path}: {place}: {first['msg']}") from None
    except (InputError, KeyError, TypeError) as error:
        raise BundleError(f"{path}: task: {error}") from None
    return manifest, record


def verify(folder: Path) -> BundleManifest:
    """The manifest of a bundle, after every file in it was found with the sha256 it should have.

    Raises BundleError that names the first file that is missing or differs.
    """
    manifest, record = _read(folder / BUNDLE_MANIFEST, BundleManifest)
    needed = (manifest.graph, manifest.weights, TOKENIZER, *manifest.onnx_files.values())
    _verify(folder, BUNDLE_MANIFEST, record, needed, "copy or export the bundle again")
    return manifest


def verify_checkpoint(folder: Path) -> Manifest:
    """The manifest of a checkpoint, after each of its files was found with the sha256 it should have.

    Raises BundleError that names the first file that is missing or differs.
    """
    manifest, record = _read(folder / CHECKPOINT_MANIFEST, Manifest)
    _verify(folder, CHECKPOINT_MANIFEST, record, _CHECKPOINT_FILES, "copy the checkpoint again, or train it again")
    return manifest


def _verify(folder: Path, name: str, record: dict[str, Any], needed: Iterable[str], advice: str) -> None:
    """Compare the files of a folder with the record of its manifest, which stands in the file `name`."""
    files = record.get("files") or {}
    for file in needed:
        if file not in files:
            raise BundleError(f"{folder / name}: files: {file} has no sha256; {advice}")
    if record.get("checksum") != content_checksum(record):
        raise BundleError(f"{folder / name}: it was changed after it was written; {advice}")
    for file, expected in files.items():
        path = folder / file
        if not path.is_file():
            raise BundleError(f"{path}: no such file, but {name} lists it; {advice}")
        if sha256(path) != expected:
            raise BundleError(f"{path}: its sha256 is not the one in {name}; {advice}")


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a checkpoint or a bundle."""
    return Tokenizer.load(folder / TOKENIZER)


def checksums(folder: Path) -> dict[str, str]:
    """sha256 of every file in `folder`, by name."""
    return {path.name: sha256(path) for path in sorted(folder.iterdir()) if path.is_file()}


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a folder whose other files are there, in the place of an older one.

    That is ``manifest.json`` for a BundleManifest. Otherwise it is the ``paddle_ner.json`` of a checkpoint, with the
    sha256 of its files.
    """
    record = manifest.model_dump()
    name = BUNDLE_MANIFEST
    if not isinstance(manifest, BundleManifest):
        name = CHECKPOINT_MANIFEST
        record["files"] = {file: sha256(folder / file) for file in _CHECKPOINT_FILES if (folder / file).is_file()}
    record["checksum"] = content_checksum(record)
    with whole_file(folder / name) as temporary:
        temporary.write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def new_folder(target: Path, kind: str) -> AbstractContextManager[Path]:
    """A temporary folder beside `target` that takes its name, and the place of an older one, when the block ends well.

    Args:
        target: the folder to make.
        kind: `BUNDLE_MANIFEST` for a bundle, `CHECKPOINT_MANIFEST` for a checkpoint.

    Raises:
        InputError: `target` holds anything else, or files that this package did not write.
    """
    if kind == BUNDLE_MANIFEST:
        return whole_folder(target, BUNDLE_MANIFEST, "bundle", _bundle_files)
    return whole_folder(target, CHECKPOINT_MANIFEST, "checkpoint", lambda _: {CHECKPOINT_MANIFEST, *_CHECKPOINT_FILES})


def _bundle_files(folder: Path) -> set[str]:
    try:
        return {BUNDLE_MANIFEST, *read_bundle_manifest(folder).files}
    except BundleError:
        return set()
