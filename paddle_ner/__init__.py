"""Chinese named entity recognition and text classification on PaddlePaddle.

``paddle_ner.load("bundle")`` gives a predictor, ``paddle_ner.train("config.yaml", "runs/mine")`` makes a checkpoint,
``paddle_ner.render(predictions)`` a page of HTML; the rest of the public names are the types they speak. Importing this
package imports no framework: the names below are looked up when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paddle_ner.drawing.texts import render
    from paddle_ner.inference import load
    from paddle_ner.training import train
    from paddle_ner.types import Entity, Example, Prediction

__version__ = "0.1.0"
__all__ = ["Entity", "Example", "Prediction", "__version__", "load", "render", "train"]

_HOME = {
    "load": "paddle_ner.inference",
    "render": "paddle_ner.drawing.texts",
    "train": "paddle_ner.training",
    "Entity": "paddle_ner.types",
    "Example": "paddle_ner.types",
    "Prediction": "paddle_ner.types",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
