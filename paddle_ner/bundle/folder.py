"""Checkpoints and bundles on disk: reads and writes their manifests and verifies all their files.

A bundle has everything that serving needs: ``manifest.json``, the static graph, ``tokenizer.json``. It is
written to a temporary folder and renamed, so that a half-written bundle never has a manifest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from paddle_ner.bundle.manifest import SCHEMA_VERSION, BundleManifest, FileName, Manifest
from paddle_ner.bundle.operators import check_graph
from paddle_ner.bundle.signing import is_signed, signature
from paddle_ner.errors import BundleError, InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.files import sha256, whole_file, whole_folder

BUNDLE_MANIFEST = "manifest.json"
CHECKPOINT_MANIFEST = "paddle_ner.json"
TOKENIZER = "tokenizer.json"
TERMS = "terms.tsv"
ENCODER_CONFIG = "config.json"
WEIGHTS = "model.safetensors"
_LARGEST_MANIFEST = 64 << 20
_DEEP = "cannot be read: its values are nested too deeply"
_CHECKPOINT_FILES = (ENCODER_CONFIG, WEIGHTS, TOKENIZER)
# Fields in the file of a checkpoint's manifest that are about the folder, not about the model.
_INTEGRITY = ("files", "checksum")
_FILES = TypeAdapter(dict[FileName, str])


def content_checksum(record: dict[str, Any]) -> str:
    """The checksum of a manifest as it is in its file, without its own checksum and signature."""
    content = {name: value for name, value in record.items() if name not in ("checksum", "signature")}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


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
        return _parse(path, model)
    except RecursionError:
        raise BundleError(f"{path}: {_DEEP}") from None


def _parse(path: Path, model: type[C]) -> tuple[C, dict[str, Any]]:
    if not path.is_file():
        kind = "bundle" if model is BundleManifest else "checkpoint"
        raise BundleError(f"{path}: no such file; {path.parent} is not a {kind} of paddle-ner")
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_MANIFEST + 1)
        if len(content) > _LARGEST_MANIFEST:
            raise BundleError(f"{path}: more than {_LARGEST_MANIFEST >> 20} MiB, which is no manifest of paddle-ner")
        record = json.loads(content.decode("utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: cannot be read as JSON: {error}") from None
    version = record.get("schema_version") if isinstance(record, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        raise BundleError(
            f"{path}: schema version {version} is newer than {SCHEMA_VERSION}, the newest that this version reads;"
            " upgrade paddle-ner"
        )
    try:
        given = record
        if model is Manifest and isinstance(record, dict):
            given = {name: value for name, value in record.items() if name not in _INTEGRITY}
        manifest = model.model_validate(given)
        manifest.build_task()
    except ValidationError as error:
        raise BundleError(f"{path}: {_first(error)}") from None
    except (InputError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleError(f"{path}: task: {error}") from None
    return manifest, record


def verify(folder: Path, key: bytes | None = None) -> BundleManifest:
    """The manifest, after checking that every file in it has its sha256 and that every graph only computes.

    Args:
        folder: of the bundle.
        key: see `paddle_ner.bundle.signing`; with it the bundle must be signed by that key.

    Raises:
        BundleError: a file is missing or differs, a graph holds an operator that no export writes, or the signature is
            missing or made with another key; the message names the file.
    """
    path = folder / BUNDLE_MANIFEST
    manifest, record = _read(path, BundleManifest)
    graphs = [manifest.graph, *manifest.onnx_files.values()]
    terms = [] if manifest.terms is None else [manifest.terms.file]
    _verify(path, record, (*graphs, manifest.weights, TOKENIZER, *terms), "copy or export the bundle again")
    if key is not None and not is_signed(manifest.checksum, manifest.signature, key):
        fault = "is signed by another key" if manifest.signature else "is not signed"
        raise BundleError(f"{path}: {fault}; sign it where it is exported, with --sign-key")
    for name in graphs:
        check_graph(folder / name)
    return manifest


def verify_checkpoint(folder: Path) -> Manifest:
    """The manifest of a checkpoint, after checking that each of its files has its sha256.

    Raises BundleError that names the first file that is missing or differs.
    """
    path = folder / CHECKPOINT_MANIFEST
    manifest, record = _read(path, Manifest)
    _verify(path, record, _CHECKPOINT_FILES, "copy the checkpoint again, or train it again")
    return manifest


def _verify(path: Path, record: dict[str, Any], needed: Iterable[str], advice: str) -> None:
    """Compare the files beside the manifest in `path` with its record, which must contain the `needed` ones."""
    try:
        files = _FILES.validate_python(record.get("files", {}))
        checksum = content_checksum(record)
    except ValidationError as error:
        raise BundleError(f"{path}: {_first(error, 'files')}") from None
    except RecursionError:
        raise BundleError(f"{path}: {_DEEP}") from None
    for name in needed:
        if name not in files:
            raise BundleError(f"{path}: files: {name} has no sha256; {advice}")
    if record.get("checksum") != checksum:
        raise BundleError(f"{path}: it was changed after it was written; {advice}")
    for name, expected in files.items():
        file = path.parent / name
        if not file.is_file():
            raise BundleError(f"{file}: no such file, but {path.name} lists it; {advice}")
        if sha256(file) != expected:
            raise BundleError(f"{file}: its sha256 is not the one in {path.name}; {advice}")


def _first(error: ValidationError, *under: str) -> str:
    """The first fault that pydantic found, in one line."""
    first = error.errors()[0]
    parts = [part if isinstance(part, str) and part.isprintable() else repr(part) for part in (*under, *first["loc"])]
    return f"{'.'.join(parts)}: {first['msg'].removeprefix('Value error, ')}"


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of a checkpoint or a bundle."""
    return Tokenizer.load(folder / TOKENIZER)


def checksums(folder: Path) -> dict[str, str]:
    """sha256 of every file in `folder`, by name."""
    return {path.name: sha256(path) for path in sorted(folder.iterdir()) if path.is_file()}


def write_manifest(folder: Path, manifest: Manifest, key: bytes | None = None) -> None:
    """Write the manifest of a folder whose other files are there, replacing an older manifest.

    That is ``manifest.json`` for a BundleManifest. Otherwise it is the ``paddle_ner.json`` of a checkpoint, with the
    sha256 of its files.

    Args:
        folder: of the bundle or the checkpoint.
        manifest: to write.
        key: to sign a bundle with; without it an older signature is removed, since it belongs to another manifest.
    """
    record = manifest.model_dump()
    name = BUNDLE_MANIFEST
    if not isinstance(manifest, BundleManifest):
        name = CHECKPOINT_MANIFEST
        record["files"] = {file: sha256(folder / file) for file in _CHECKPOINT_FILES if (folder / file).is_file()}
    record["checksum"] = content_checksum(record)
    if isinstance(manifest, BundleManifest):
        record["signature"] = "" if key is None else signature(record["checksum"], key)
    with whole_file(folder / name) as temporary:
        temporary.write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def new_folder(target: Path, kind: str) -> AbstractContextManager[Path]:
    """A temporary folder beside `target` that replaces `target` when the block succeeds.

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
