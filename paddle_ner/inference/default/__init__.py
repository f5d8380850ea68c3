"""The default model: persons, places and organizations of Chinese text, for whom no model of their own is at hand.

``paddle_ner.load()``, ``paddle-ner predict`` and ``paddle-ner serve`` take it where no model is named, ``default`` is
its name where one is expected. README.md beside this file is its card; configs/default makes it again.

It comes with the package as a bundle without its largest file, the weights in float32: those are put together once, of
int8 weights here and the vectors of tokens and positions of the starter, in a folder of the user's cache.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from paddle_ner.bundle import (
    BUNDLE_MANIFEST,
    TOKENIZER,
    BundleManifest,
    is_bundle,
    is_checkpoint,
    new_folder,
    read_bundle_manifest,
    verify,
)
from paddle_ner.errors import BundleError, InputError, ResourceError
from paddle_ner.files import sha256
from paddle_ner.modeling import starter
from paddle_ner.modeling.weights import Tensors, to_paddle_layout

NAME = "default"
FOLDER = Path(__file__).parent
WEIGHTS = "weights.safetensors"
PARTS = "parameters.json"
FROM_STARTER = ("bert.embeddings.word_embeddings.weight", "bert.embeddings.position_embeddings.weight")
"""What the model has of the starter, by Hugging Face's names."""
_COPIED = ("model.json", TOKENIZER, BUNDLE_MANIFEST)
_logger = logging.getLogger(__name__)


def folder(log: Callable[[str], None] = _logger.warning) -> Path:
    """The bundle of the default model; made at first use, in a second, and again where a file of it is damaged.

    Args:
        log: told where it is made.

    Raises:
        BundleError: a file of the package is missing or damaged.
        InputError, ResourceError: the cache cannot be written, or the disk is full.
    """
    manifest = read_bundle_manifest(FOLDER)
    target = _cache() / f"default-{manifest.version}"
    if _is_whole(target):
        return target
    damaged = is_bundle(target)
    log(f"the default model is put together {'again, since it is damaged' if damaged else 'once'}, in {target}")
    try:
        with _alone(target):
            if not _is_whole(target):  # another process may have been faster
                _put_together(target, manifest)
    except (InputError, ResourceError) as error:
        raise type(error)(f"{error} (PADDLE_NER_CACHE names another folder for the default model)") from error
    return target


def _is_whole(target: Path) -> bool:
    try:
        verify(target)
    except BundleError:
        return False
    return True


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Let one process at a time make `target`. Raises InputError where its folder cannot be written."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = (target.parent / f"{target.name}.lock").open("w", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{target.parent}: {error.strerror}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _put_together(target: Path, manifest: BundleManifest) -> None:
    shutil.rmtree(target, ignore_errors=True)  # a damaged one
    with new_folder(target, BUNDLE_MANIFEST) as temporary:
        for name in _COPIED:
            shutil.copyfile(FOLDER / name, temporary / name)
        _write_weights(temporary / manifest.weights)
        if sha256(temporary / manifest.weights) != manifest.files[manifest.weights]:
            raise BundleError(f"{FOLDER}: its weights are damaged: install paddle-ner again")


def resolved(model: str | Path, log: Callable[[str], None] = _logger.warning) -> Path:
    """The folder of a model: of the default one for its name, unless a folder that is called so holds a model."""
    path = Path(model)
    return folder(log) if str(model) == NAME and not (is_bundle(path) or is_checkpoint(path)) else path


def tensors() -> Tensors:
    """The weights in Hugging Face's names and layout, float32. Raises BundleError where a file is damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        stored = load_file(FOLDER / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise BundleError(f"{FOLDER / WEIGHTS}: missing or damaged: install paddle-ner again") from error
    beginning = starter.read_weights()
    whole: Tensors = {name: beginning[name] for name in FROM_STARTER}
    for name, value in stored.items():
        if name.endswith(starter.SCALE):
            continue
        scale = stored.get(name + starter.SCALE)
        single = np.asarray(value, dtype=np.float32)
        whole[name] = single if scale is None else single * np.asarray(scale, dtype=np.float32)
    return whole


def header_at(data: bytes, at: int) -> tuple[bytes, int]:
    """What goes before a tensor in Paddle's file of parameters, and the size of the tensor behind it in bytes.

    Versions of LoD and tensor, 4 bytes each, with the LoD's levels (none) in 8 between; the size of a description in
    4, and that, a protobuf of the type and the dimensions.
    """
    version, levels, _, size = struct.unpack_from("<IQIi", data, at)
    if (version, levels) != (0, 0):
        raise BundleError(f"parameters of an unknown version {version}, {levels}")
    header = data[at : at + 20 + size]
    return header, 4 * int(np.prod(_dimensions(header[20:]), dtype=np.int64))


def write_parts(parts: list[dict[str, str]]) -> None:
    """Write the names of the tensors in the file of weights, with the bytes before each."""
    (FOLDER / PARTS).write_text(json.dumps(parts, indent=0) + "\n", encoding="utf-8")


def _dimensions(description: bytes) -> list[int]:
    """Field 2 of a TensorDesc, varints; its type must be FP32, 5."""
    if description[:2] != b"\x08\x05":
        raise BundleError("a parameter is not float32")
    dimensions, at = [], 2
    while at < len(description):
        at += 1  # the field's number
        value = shift = 0
        while True:
            byte = description[at]
            value |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                break
        dimensions.append(value)
    return dimensions


def _write_weights(path: Path) -> None:
    weights = to_paddle_layout(tensors())
    with path.open("wb") as file:
        for part in json.loads((FOLDER / PARTS).read_text(encoding="utf-8")):
            file.write(bytes.fromhex(part["header"]))
            file.write(np.ascontiguousarray(weights[part["name"]]).tobytes())


def _cache() -> Path:
    named = os.environ.get("PADDLE_NER_CACHE")
    if named:
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "paddle-ner"
