"""What a predictor asks of a model's manifest, and of the engine that runs the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from paddle_ner.features.windows import Layout
from paddle_ner.tasks.decoding import Decoding


class ModelManifest(Protocol):
    """What a model says of itself, as far as predictions depend on it."""

    @property
    def name(self) -> str:
        """Of the model, for people."""
        ...

    @property
    def window(self) -> Layout:
        """How texts are cut."""
        ...

    @property
    def version(self) -> str:
        """Twelve digits of the bundle's checksum; empty where the model is no bundle."""
        ...

    @property
    def examples(self) -> Sequence[str]:
        """Texts to show what it can do; none where nobody chose any."""
        ...

    def build_decoding(self) -> Decoding:
        """How the model's outputs become predictions."""
        ...


@dataclass(frozen=True)
class EngineInfo:
    """What an engine is: `EngineOptions` with every choice made. `engine` is ``dynamic`` for a checkpoint."""

    engine: str
    device: str
    precision: str
    threads: int | None


class Engine(Protocol):
    """Token ids to the outputs of the model's head. For one thread at a time."""

    @property
    def info(self) -> EngineInfo:
        """What it is."""
        ...

    def clone(self) -> Engine:
        """Another engine over the same weights, for another thread."""
        ...

    def run(self, input_ids: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        """The outputs by name, in the order of the manifest, for int64 ids of [batch, length].

        Each is float32. The heads of today have one, ``logits``: [batch, length, outputs] or [batch, outputs].
        """
        ...
