"""What the server needs from a model, and how it loads one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from paddle_ner.features.windows import Encoded, Window
from paddle_ner.inference.engines import EngineInfo
from paddle_ner.serving.settings import Settings
from paddle_ner.tasks import Decoding
from paddle_ner.tasks.min_score import by_type
from paddle_ner.types import Prediction

# The outputs of the model's head for a window: [length, outputs] or [outputs] by name
Logits = Mapping[str, NDArray[np.float32]]

_PROBE = "王小明在北京大学读书。"


class Model(Protocol):
    """One replica of a loaded model; `paddle_ner.inference.Predictor` is one.

    `encode` and `decode` may be called from any thread; `warm_up` and `run` only from the thread that owns it.
    """

    @property
    def decoding(self) -> Decoding:
        """What it predicts, with its labels."""
        ...

    @property
    def info(self) -> EngineInfo:
        """What runs it."""
        ...

    @property
    def version(self) -> str:
        """Twelve digits of the bundle's checksum; empty for a checkpoint."""
        ...

    @property
    def examples(self) -> Sequence[str]:
        """Texts that show what it can do."""
        ...

    def warm_up(self) -> None:
        """Run every shape once: the first run of a shape builds what later ones reuse."""
        ...

    def encode(self, text: str, /) -> Encoded:
        """Tokenize `text` and cut it into windows."""
        ...

    def padded_length(self, length: int, /) -> int:
        """The tokens that a window of `length` tokens is padded to, if it is the longest of its batch."""
        ...

    def run(self, windows: Sequence[Window], /) -> Sequence[Logits]:
        """Run a padded batch: the outputs of each window, in order."""
        ...

    def decode(
        self, encoded: Encoded, outputs: Sequence[Logits], min_score: Mapping[str, float] | None = None, /
    ) -> Prediction:
        """The prediction for a text from the outputs of its windows, without entities below the min scores by type."""
        ...


# Returns the replicas of a bundle, over the same weights; each is used by one thread. They need not be warm.
Loader = Callable[[Path, Settings], Sequence[Model]]


def load_model(path: Path, settings: Settings) -> Sequence[Model]:
    """The replicas of a bundle or a checkpoint. Raises as `paddle_ner.load` does."""
    from paddle_ner.inference import EngineOptions, load_replicas

    options = EngineOptions(settings.engine, settings.device, settings.precision, settings.threads)
    chosen = settings.replicas, settings.verify_key, settings.terms, settings.terms_mode
    replicas = load_replicas(path, options, *chosen)
    by_type(settings.min_score, replicas[0].decoding)
    return replicas


def run_checked(model: Model, windows: Sequence[Window]) -> Sequence[Logits]:
    """The result of `model.run`. Raises RuntimeError if it has more or fewer outputs than windows."""
    outputs = model.run(windows)
    if len(outputs) != len(windows):
        raise RuntimeError(f"the engine gave outputs of {len(outputs)} windows for {len(windows)}")
    return outputs


def probe(model: Model) -> None:
    """Answer a known good text. Raises the model's error, or RuntimeError: then the model is at fault."""
    encoded = model.encode(_PROBE)
    outputs = run_checked(model, encoded.windows)
    if not all(np.isfinite(values).all() for window in outputs for values in window.values()):
        raise RuntimeError("the engine gave outputs that are not finite")
    model.decode(encoded, outputs)
