"""A checkpoint as files: what a transform reads, changes and writes as another checkpoint. Needs no framework."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from paddle_ner import bundle
from paddle_ner.bundle import ENCODER_CONFIG, WEIGHTS, Manifest
from paddle_ner.errors import BundleError, InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.modeling.weights import read_safetensors

WORDS = "embeddings.word_embeddings.weight"
POSITIONS = "embeddings.position_embeddings.weight"

Record = dict[str, Any]


@dataclass(slots=True)
class Checkpoint:
    """The content of a checkpoint.

    Attributes:
        folder: where it was read.
        config: of the encoder, as config.json holds it.
        weights: by name.
        tokenizer: of its vocabulary.
        manifest: what it says of itself.
    """

    folder: Path
    config: dict[str, Any]
    weights: dict[str, NDArray[Any]]
    tokenizer: Tokenizer
    manifest: Manifest

    def table(self, ending: str) -> str:
        """The name of the one embedding table whose name ends so. Raises BundleError where there is none."""
        found = [name for name in self.weights if name.endswith(ending)]
        if len(found) != 1:
            raise BundleError(f"{self.folder / WEIGHTS}: has no {ending}, so there is nothing to cut")
        return found[0]


def read(folder: Path) -> Checkpoint:
    """Raises InputError or BundleError, naming the file, where `folder` is no checkpoint."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder, expected a checkpoint")
    if bundle.is_bundle(folder):
        raise InputError(f"{folder}: is a bundle already, expected a checkpoint")
    manifest = bundle.read_checkpoint_manifest(folder)
    try:
        config = json.loads((folder / ENCODER_CONFIG).read_text(encoding="utf-8"))
        weights = read_safetensors(folder / WEIGHTS)
    except (OSError, ValueError) as error:
        raise BundleError(f"{folder / ENCODER_CONFIG}: cannot be read: {error}") from None
    except InputError as error:
        raise BundleError(str(error)) from None
    return Checkpoint(folder, config, weights, bundle.load_tokenizer(folder), manifest)


def write(checkpoint: Checkpoint, target: Path, record: Record, *, same_answers: bool) -> Record:
    """Write the checkpoint to `target`, all or nothing, its manifest with `record` at the end of `transforms`.

    Args:
        checkpoint: its content.
        target: folder to make; an older checkpoint there is replaced.
        record: what was done to it.
        same_answers: whether the metrics of the manifest still hold; otherwise they are left out.

    Returns:
        The record.

    Raises:
        InputError: `target` is where the checkpoint was read, or holds something else.
    """
    if target.resolve() == checkpoint.folder.resolve():
        raise InputError(f"{target}: is the checkpoint itself; name another folder for the new one")
    metrics = checkpoint.manifest.metrics if same_answers else {}
    manifest = checkpoint.manifest.model_copy(
        update={"transforms": [*checkpoint.manifest.transforms, record], "metrics": metrics}
    )
    with bundle.new_folder(target, bundle.CHECKPOINT_MANIFEST) as folder:
        (folder / ENCODER_CONFIG).write_text(
            json.dumps(checkpoint.config, ensure_ascii=False, indent=2) + "\n", "utf-8"
        )
        weights = {name: np.ascontiguousarray(values) for name, values in checkpoint.weights.items()}
        # PaddleNLP 2.8.1 reads the format "np" and refuses "pd".
        safetensors.numpy.save_file(weights, folder / WEIGHTS, metadata={"format": "np"})
        checkpoint.tokenizer.save(folder / bundle.TOKENIZER)
        bundle.write_manifest(folder, manifest)
    return record
