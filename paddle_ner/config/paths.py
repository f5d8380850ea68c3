"""The paths of a config as a manifest may show them: none tells where its author's home is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from paddle_ner.config.models import BaseConfig


def portable(config: BaseConfig, folder: Path) -> dict[str, Any]:
    """The config as plain data without an absolute path.

    `data.root` and the folders of models become relative to `folder`, the files of the data to `data.root`. So the
    config still finds its data from where the training was started, and names nothing else of that machine.

    Args:
        config: as it was given.
        folder: the working directory.
    """
    record = config.model_dump(mode="json")
    root = folder / os.path.expandvars(config.data.root)
    _relative(record["data"], "root", folder)
    for name in ("train", "dev", "test"):
        _file(record["data"].get(name), root)
    _relative(record["tokenizer"], "vocabulary", root)
    _relative(record["model"], "pretrained", folder)
    if distillation := record.get("distillation"):
        _relative(distillation, "teacher", folder)
        _relative(distillation, "start", folder)
        for text in distillation["texts"]:
            _file(text, root)
    return record


def _file(entry: dict[str, Any] | None, root: Path) -> None:
    if entry is not None:
        _relative(entry, "path", root)
        _relative(entry["options"], "label_file", root)


def _relative(section: dict[str, Any], field: str, folder: Path) -> None:
    """Make the path in `section[field]` relative, where it is an absolute one."""
    path = section.get(field)
    if isinstance(path, str) and Path(path).is_absolute():
        section[field] = os.path.relpath(path, folder)
