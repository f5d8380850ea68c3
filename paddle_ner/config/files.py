"""The files of a config, and the section that every part of a config is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from paddle_ner.data import ReadOptions
from paddle_ner.errors import InputError


class Section(BaseModel):
    """A part of a config: unknown keys are refused, and nothing changes it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class FileConfig(Section):
    """A labelled file.

    Attributes:
        path: relative to `DataConfig.root`.
        format: as `paddle_ner.data.read` takes it; None lets the content decide.
        options: how to read it.
    """

    path: str
    format: str | None = None
    options: ReadOptions = ReadOptions()

    @model_validator(mode="before")
    @classmethod
    def _from_path(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value


class FilesConfig(Section):
    """Where the files of a training are.

    Attributes:
        root: folder that the paths are relative to; ``$NAME`` stands for an environment variable.
        skip_bad: leave bad records out, and say how many, instead of refusing the file.
    """

    root: str = "."
    skip_bad: bool = False

    def resolve(self, path: str) -> Path:
        """`path` under the root. Raises InputError if the root names a variable that is not set."""
        root = os.path.expandvars(self.root)
        if "$" in root:
            raise InputError(
                f"data.root is {self.root}, which is not set: export {self.root.lstrip('$').strip('{}')}=FOLDER,"
                " or name the folder with --set data.root=FOLDER"
            )
        return Path(root) / path


class DataConfig(FilesConfig):
    """Where the labelled files are.

    Attributes:
        train: training data.
        dev: data that choose the best checkpoint; None cuts `dev_fraction` from train with the seed of the training.
        test: data that `evaluate` takes by default.
        dev_fraction: share of train that becomes dev if dev is None.
    """

    train: FileConfig
    dev: FileConfig | None = None
    test: FileConfig | None = None
    dev_fraction: float = Field(default=0.05, gt=0, lt=1)
