"""The YAML of ``configs/``: the one source of truth of a training."""

from __future__ import annotations

from paddle_ner.config.loading import dump, load, parse, read
from paddle_ner.config.models import (
    Config,
    DataConfig,
    DistillationConfig,
    FileConfig,
    ModelConfig,
    TaskConfig,
    TokenizerConfig,
    TrainingConfig,
)

__all__ = [
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
    "read",
]
