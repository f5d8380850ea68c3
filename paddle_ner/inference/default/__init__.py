"""The default model: persons, places and organizations in Chinese text, for users without a model of their own.

``paddle_ner.load()``, ``paddle-ner predict`` and ``paddle-ner serve`` use it if no model is named; its name is
``default``. README.md beside this file is its card; configs/default makes it again.

It comes with the package as a bundle without its largest file, the weights in float32: these are assembled once, from
int8 weights here and the embeddings of the starter, in a folder of the user's cache.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from paddle_ner.bundle import (
    BUNDLE_MANIFEST,
    TOKENIZER,
    is_bundle,
    is_checkpoint,
    read_bundle_manifest,
    verify,
)
from paddle_ner.cache import made_once
from paddle_ner.errors import BundleError
from paddle_ner.files import sha256
from paddle_ner.modeling import starter
from paddle_ner.modeling.weights import Tensors, from_int8_rows, to_paddle_layout

NAME = "default"
FOLDER = Path(__file__).parent
WEIGHTS = "weights.safetensors"
PARTS = "parameters.json"
FROM_STARTER = ("bert.embeddings.word_embeddings.weight", "bert.embeddings.position_embeddings.weight")
"""The weights that the model shares with the starter, under Hugging Face's names."""
_COPIED = ("model.json", TOKENIZER, BUNDLE_MANIFEST)
_logger = logging.getLogger(__name__)


def folder(log: Callable[[str], None] = _logger.warning) -> Path:
    """The bundle of the default model; made at first use, in a second, and again if a file of it is damaged.

    Args:
        log: called with a line that says where it is made.

    Raises:
        BundleError: a file of the package is missing or damaged.
        InputError, ResourceError: the cache cannot be written, or the disk is full.
    """
    manifest = read_bundle_manifest(FOLDER)

    def make(target: Path) -> None:
        for name in _COPIED:
            shutil.copyfile(FOLDER / name, target / name)
        _write_weights(target / manifest.weights)
        if sha256(target / manifest.weights) != manifest.files[manifest.weights]:
            raise BundleError(f"{FOLDER}: its weights are damaged: install paddle-ner again")

    return made_once(f"default-{manifest.version}", "the default model", _is_whole, make, log)


def _is_whole(target: Path) -> bool:
    try:
        verify(target)
    except BundleError:
        return False
    return True


def resolved(model: str | Path, log: Callable[[str], None] = _logger.warning) -> Path:
    """The folder of a model; ``default`` is the default model, unless a folder with that name holds a model."""
    path = Path(model)
    return folder(log) if str(model) == NAME and not (is_bundle(path) or is_checkpoint(path)) else path


def tensors() -> Tensors:
    """The weights under Hugging Face's names and in its layout, float32. Raises BundleError if a file is damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        stored = load_file(FOLDER / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise BundleError(f"{FOLDER / WEIGHTS}: missing or damaged: install paddle-ner again") from error
    beginning = starter.read_weights()
    return {**{name: beginning[name] for name in FROM_STARTER}, **from_int8_rows(stored)}


def _write_weights(path: Path) -> None:
    weights = to_paddle_layout(tensors())
    with path.open("wb") as file:
        for part in json.loads((FOLDER / PARTS).read_text(encoding="utf-8")):
            file.write(bytes.fromhex(part["header"]))
            file.write(np.ascontiguousarray(weights[part["name"]]).tobytes())
