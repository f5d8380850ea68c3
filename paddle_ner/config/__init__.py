"""The YAML of ``configs/``: the one source of truth of a training."""

from __future__ import annotations

from paddle_ner.config.loading import dump, load, parse, read
from paddle_ner.config.models import (
    BaseConfig,
    Config,
    DataConfig,
    DistillationConfig,
    FileConfig,
    ModelConfig,
    TaskConfig,
    TokenizerConfig,
    TrainingConfig,
)
from paddle_ner.config.paths import portable, shareable

__all__ = [
    "BaseConfig",
    "Config",
    "DataConfig",
    "DistillationConfig",
    "FileConfig",
    "ModelConfig",
    "TaskConfig",
    "TokenizerConfig",
    "TrainingConfig",
    "dump",
    "load",
    "parse",
    "portable",
    "read",
    "shareable",
]
