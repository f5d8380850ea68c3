"""Engines: what runs a static graph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paddle_ner.bundle import BundleManifest, EngineName, Precision
from paddle_ner.errors import BundleError
from paddle_ner.inference.protocols import Engine, EngineInfo

__all__ = ["AUTO", "Engine", "EngineInfo", "EngineName", "EngineOptions", "Precision"]

AUTO: Literal["auto"] = "auto"  # what was measured to be best: the manifest says it


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What is asked of an engine.

    Attributes:
        engine: what runs the graph; ``tensorrt`` needs a GPU, ``onnxruntime`` the extra ``onnx``, ``openvino`` its own;
            ``auto`` is what the manifest says.
        device: ``cpu``, ``gpu`` or ``gpu:N``.
        precision: of the arithmetic; ``auto`` is the manifest's.
        threads: CPU threads of one engine; None takes all cores.
    """

    engine: EngineName | Literal["auto"] = AUTO
    device: str = "cpu"
    precision: Precision | Literal["auto"] = AUTO
    threads: int | None = None


def check_inputs(graph: Path, found: Iterable[str], manifest: BundleManifest) -> None:
    """Raise BundleError where the inputs that an engine `found` in `graph` are not those of the manifest."""
    names = list(found)
    if sorted(names) != sorted(manifest.inputs):
        raise BundleError(
            f"{graph}: its inputs are {', '.join(names)}, but the manifest names {', '.join(manifest.inputs)}"
        )


def feed(inputs: Iterable[str], input_ids: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """What each of a graph's `inputs` gets for a batch of ids: zeros, but ``input_ids``."""
    return {name: input_ids if name == "input_ids" else np.zeros_like(input_ids) for name in inputs}
