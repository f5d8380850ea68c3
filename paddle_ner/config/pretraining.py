"""The YAML of a pretraining: text without labels, and what of it is masked."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from paddle_ner.bundle import WindowSpec
from paddle_ner.config.files import FileConfig, FilesConfig, Section
from paddle_ner.config.models import BaseConfig


class TextsConfig(FilesConfig):
    """Files of text: plain text, one a line, or any format that `predict` reads, packed with gzip or not.

    Attributes:
        train: files or patterns such as ``texts/*.txt.gz``.
        dev: files of held-out text; none cuts `dev_fraction` from train.
        dev_fraction: share of the texts of train that are held out where `dev` names none. The hash of a text decides,
            so that a text that stands there twice is not in both.
        max_dev_windows: windows of held-out text that are scored at most, spread over all of it.
    """

    train: tuple[FileConfig, ...] = Field(min_length=1)
    dev: tuple[FileConfig, ...] = ()
    dev_fraction: float = Field(default=0.01, gt=0, lt=1)
    max_dev_windows: int = Field(default=1000, ge=1)

    @field_validator("train", "dev", mode="before")
    @classmethod
    def _from_one(cls, value: Any) -> Any:
        return [value] if isinstance(value, (str, dict)) else value


class MaskingConfig(Section):
    """What is masked together, and how much of it: ERNIE's manner (Sun et al. 2019).

    Attributes:
        share: of the tokens of a window that are to be predicted. Of the units chosen, 80 % are shown as [MASK], 10 %
            as other tokens and 10 % as they are.
        units: ``words`` of jieba, or single ``tokens``.
        terms: a file of terms that are units too, each as a whole; paths are relative to `data.root`.
        model: a bundle or a checkpoint whose entities are units too.
        longest: tokens of a unit at most; a longer one is several.
    """

    share: float = Field(default=0.15, gt=0, lt=1)
    units: Literal["words", "tokens"] = "words"
    terms: str | None = None
    model: str | None = None
    longest: int = Field(default=10, ge=1)


class PretrainConfig(BaseConfig):
    """What `paddle-ner pretrain` needs to know: masked language modelling on text without labels.

    Attributes:
        data: files of text.
        masking: what of them is masked.
    """

    data: TextsConfig
    masking: MaskingConfig = MaskingConfig()

    @model_validator(mode="after")
    def _unused(self) -> PretrainConfig:
        """Refuse what a training on labels needs and this one has no use for."""
        if self.model.head is not None:
            raise ValueError("model.head: pretraining has a head of its own: leave it out")
        for name in ("adversarial", "augment", "class_weights", "focal", "freeze", "r_drop"):
            if getattr(self.training, name) is not None:
                raise ValueError(f"training.{name}: is for a training on labels: leave it out")
        if self.training.layer_decay is not None and self.model.pretrained is None:
            raise ValueError("training.layer_decay: is for an encoder that begins with trained weights: leave it out")
        if self.window != WindowSpec(size=self.window.size):
            raise ValueError("window: text is packed so that every window is full: give only window.size")
        if self.window.size < 8:
            raise ValueError(f"window.size is {self.window.size}, expected at least 8")
        return self
