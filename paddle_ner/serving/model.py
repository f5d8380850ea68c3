"""What the server needs of a model, and how it gets one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from paddle_ner.features.windows import Encoded, Window
from paddle_ner.serving.settings import Settings
from paddle_ner.tasks import Task
from paddle_ner.types import Prediction

# [length, outputs] or [outputs] for one window
Logits = NDArray[np.float32]


class Model(Protocol):
    """A loaded model; `paddle_ner.inference.Predictor` is one.

    `encode` and `decode` may be called from any thread; `run` is for one thread at a time.
    """

    @property
    def task(self) -> Task:
        """The label space."""
        ...

    def encode(self, text: str, /) -> Encoded:
        """Tokenize `text` and cut it into windows."""
        ...

    def run(self, rows: Sequence[Window], /) -> list[Logits]:
        """One padded batch through the engine: the logits of each window, in order."""
        ...

    def decode(self, encoded: Encoded, logits: Sequence[Logits], /) -> Prediction:
        """The prediction for a text from the logits of its windows."""
        ...


Loader = Callable[[Path, Settings], Model]


def load_model(path: Path, settings: Settings) -> Model:
    """The predictor over a bundle or a checkpoint. Raises as `paddle_ner.load` does."""
    from paddle_ner.inference import load

    return load(
        path,
        engine=settings.engine,
        device=settings.device,
        precision=settings.precision,
        threads=settings.threads,
    )
