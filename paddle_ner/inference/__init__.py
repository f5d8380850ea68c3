"""Running a model: engines, batch planning, Predictor. Imports neither PaddleNLP nor PaddleSlim."""

from __future__ import annotations

from pathlib import Path

from paddle_ner.bundle import is_bundle, load_tokenizer, read_card, verify
from paddle_ner.errors import BundleError, InputError
from paddle_ner.inference.engines.paddle import PaddleEngine
from paddle_ner.inference.predictor import Predictor

__all__ = ["Predictor", "load", "load_bundle"]


def load(model: str | Path, *, device: str = "cpu", threads: int | None = None) -> Predictor:
    """A predictor over a bundle or a checkpoint.

    Args:
        model: folder of a bundle, or of a checkpoint (which needs the extra ``train``).
        device: ``cpu``, ``gpu`` or ``gpu:N``.
        threads: CPU threads of a bundle's engine; None takes all cores.

    Raises:
        InputError: there is no such folder, or `threads` is given for a checkpoint.
        BundleError: a file is missing, damaged, or does not fit the others.
        DeviceError: the device cannot be used.
    """
    folder = Path(model)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder, expected a bundle or a checkpoint")
    if is_bundle(folder):
        return load_bundle(folder, device=device, threads=threads)
    card = read_card(folder)
    if threads is not None:
        raise InputError(f"{folder}: threads can be chosen for a bundle only; export the checkpoint first")
    from paddle_ner.modeling.engine import load_engine

    task = card.build_task()
    return Predictor(card, load_tokenizer(folder), load_engine(folder, task.head, task.num_outputs, device))


def load_bundle(folder: Path, *, device: str = "cpu", threads: int | None = None) -> Predictor:
    """A predictor over a verified bundle."""
    manifest = verify(folder)
    predictor = Predictor(manifest, load_tokenizer(folder), PaddleEngine(folder, manifest, device, threads))
    outputs = predictor.run(predictor.encode("").windows)[0].shape[-1]
    expected = predictor.task.num_outputs
    if outputs != expected:
        raise BundleError(
            f"{folder / manifest.graph}: it gives {outputs} logits, but the labels in manifest.json make {expected}"
        )
    return predictor
