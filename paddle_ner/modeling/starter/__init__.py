"""The starter: a small Chinese encoder that comes with the package, for whom no published weights are at hand.

``model.pretrained: starter``. README.md beside this file is its card; configs/starter makes it again.
"""

from __future__ import annotations

from pathlib import Path

from paddle_ner.errors import BundleError
from paddle_ner.files import sha256
from paddle_ner.modeling.weights import Tensors, from_int8_rows

NAME = "starter"
FOLDER = Path(__file__).parent
WEIGHTS = "weights.safetensors"
SHA256 = "76a80bd32923da641d192aed38e41804f6ddb4ea32dc90581cccb2a4804c24da"


def read_weights() -> Tensors:
    """The weights in Hugging Face's names and layout of BERT, float32. Raises BundleError where the file is damaged."""
    path = FOLDER / WEIGHTS
    if not path.is_file() or sha256(path) != SHA256:
        raise BundleError(f"{path}: missing or damaged: install paddle-ner again")
    from safetensors.numpy import load_file

    return from_int8_rows(load_file(path))
