"""Which engine runs a bundle: the one that was asked for, or a refusal that says why not."""

from __future__ import annotations

from pathlib import Path

from paddle_ner.bundle import Manifest
from paddle_ner.inference.engines import Engine, EngineOptions


def open_engine(folder: Path, manifest: Manifest, options: EngineOptions) -> Engine:
    """The engine of a verified bundle.

    Raises:
        InputError: the engine is unknown, or the bundle has no graph for it.
        DeviceError: the device, or the precision on it, cannot be had.
        BundleError: the graph does not fit the manifest.
    """
    from paddle_ner.inference.engines.paddle import PaddleEngine

    return PaddleEngine(folder, manifest, options)
