"""The paths of a config as a manifest may show them: a shared model does not reveal where its author's files are."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paddle_ner.config.models import BaseConfig

UNNAMED_ROOT = "$DATA_ROOT"
"""Replaces a `data.root` that belongs to the author's machine; users of the data set the variable."""


def portable(config: BaseConfig, folder: Path) -> dict[str, Any]:
    """The config as plain data, for a checkpoint. Absolute paths into `folder`, the working directory, become relative.

    So the config finds its data wherever the project is. Other paths stay as they are, until `shareable`.
    """
    record = config.model_dump(mode="json")
    root = folder / os.path.expandvars(config.data.root)
    for section, field in _data_files(record):
        _make_relative(section, field, root)
    for section, field in [(record["data"], "root"), *_folders(record)]:
        _make_relative(section, field, folder)
    return record


def shareable(record: dict[str, Any]) -> dict[str, Any]:
    """The config of a checkpoint as a bundle may hold it: absolute paths are reduced to their names.

    If they named data, `data.root` becomes `UNNAMED_ROOT`.
    """
    record = copy.deepcopy(record)
    if not record.get("data"):
        return record
    absolute = [entry for entry in (*_data_files(record), *_folders(record)) if _is_absolute(*entry)]
    if _is_absolute(record["data"], "root") or any(entry in absolute for entry in _data_files(record)):
        record["data"]["root"] = UNNAMED_ROOT
    for section, field in absolute:
        section[field] = Path(section[field]).name
    return record


def _data_files(record: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Section and field of each path that is relative to `data.root`."""
    distillation = record.get("distillation") or {}
    named = [record["data"].get(name) for name in ("train", "dev", "test")]
    files = [entry for value in named for entry in (value if isinstance(value, list) else [value])]
    for entry in [*files, *distillation.get("texts", [])]:
        if entry is not None:
            yield entry, "path"
            yield entry.get("options", {}), "label_file"
    yield record.get("tokenizer", {}), "vocabulary"
    yield record.get("masking", {}), "terms"


def _folders(record: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Section and field of each path that is relative to the working directory."""
    distillation = record.get("distillation") or {}
    yield record.get("model", {}), "pretrained"
    yield distillation, "teacher"
    yield distillation, "start"
    yield record.get("masking", {}), "model"


def _is_absolute(section: dict[str, Any], field: str) -> bool:
    path = section.get(field)
    return isinstance(path, str) and Path(path).is_absolute()


def _make_relative(section: dict[str, Any], field: str, folder: Path) -> None:
    if _is_absolute(section, field) and Path(section[field]).is_relative_to(folder):
        section[field] = str(Path(section[field]).relative_to(folder))
