"""The kinds of training, a file each: what one worker runs. A new kind is a file here and a line in `job_of`."""

from __future__ import annotations

from paddle_ner.config import BaseConfig, Config, PretrainConfig
from paddle_ner.training.jobs.base import Job, Loss, Prepared, Run, Scorer, Scores
from paddle_ner.training.jobs.distillation import Distillation
from paddle_ner.training.jobs.pretraining import Pretraining
from paddle_ner.training.jobs.supervised import Supervised

__all__ = ["Job", "Loss", "Prepared", "Run", "Scorer", "Scores", "job_of"]


def job_of(config: BaseConfig) -> Job:
    """The kind of training that a config asks for."""
    if isinstance(config, PretrainConfig):
        return Pretraining()
    if isinstance(config, Config) and config.distillation is not None:
        return Distillation()
    return Supervised()
