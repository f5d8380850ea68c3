"""What a predictor asks of an engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


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
