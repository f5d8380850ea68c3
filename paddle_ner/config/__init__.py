"""The YAML of ``configs/``: the one source of truth of a training."""

from __future__ import annotations

from paddle_ner.config.files import DataConfig, FileConfig, FilesConfig
from paddle_ner.config.loading import dump, load, load_dumped, parse, parse_as, read
from paddle_ner.config.models import (
    BaseConfig,
    Config,
    DistillationConfig,
    ModelConfig,
    TaskConfig,
    TokenizerConfig,
    TrainingConfig,
)
from paddle_ner.config.paths import portable, shareable
from paddle_ner.config.pretraining import MaskingConfig, PretrainConfig, TextsConfig

__all__ = [
    "BaseConfig",
    "Config",
    "DataConfig",
    "DistillationConfig",
    "FileConfig",
    "FilesConfig",
    "MaskingConfig",
    "ModelConfig",
    "PretrainConfig",
    "TaskConfig",
    "TextsConfig",
    "TokenizerConfig",
    "TrainingConfig",
    "dump",
    "load",
    "load_dumped",
    "parse",
    "parse_as",
    "portable",
    "read",
    "shareable",
]
