"""Engines: what runs a static graph."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Engine(Protocol):
    """Token ids to logits."""

    def run(self, input_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits, float32 of shape [batch, length, outputs] or [batch, outputs], for int64 ids of [batch, length]."""
        ...
