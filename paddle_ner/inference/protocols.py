"""What a predictor needs from a model's manifest, and from the engine that runs the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from paddle_ner.features.windows import Layout
from paddle_ner.tasks.decoding import Decoding


class ModelManifest(Protocol):
    """The parts of a model's manifest on which predictions depend."""

    @property
    def name(self) -> str:
        """The model's name, for people."""
        ...

    @property
    def window(self) -> Layout:
        """How texts are cut."""
        ...

    @property
    def version(self) -> str:
        """Twelve digits of the bundle's checksum; empty if the model is not a bundle."""
        ...

    @property
    def examples(self) -> Sequence[str]:
        """Texts that show what it can do; may be empty."""
        ...

    def build_decoding(self) -> Decoding:
        """How the model's outputs become predictions."""
        ...


@dataclass(frozen=True)
class EngineInfo:
    """The properties of an engine: `EngineOptions` with every choice resolved; ``dynamic`` for a checkpoint."""

    engine: str
    device: str
    precision: str
    threads: int | None


class Engine(Protocol):
    """Computes the outputs of the model's head from token ids. For one thread at a time."""

    @property
    def info(self) -> EngineInfo:
        """What it is."""
        ...

    def clone(self) -> Engine:
        """Another engine over the same weights, for another thread."""
        ...

    def run(self, input_ids: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        """The outputs by name, in the order of the manifest, for int64 ids of [batch, length].

        Each is float32; ``logits`` is [batch, length, outputs] or [batch, outputs].
        """
        ...
