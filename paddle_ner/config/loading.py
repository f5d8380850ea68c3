"""Reading and writing the YAML of a config, with overrides and with what it builds on."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from paddle_ner.config.models import Config
from paddle_ner.errors import InputError


def load(path: Path, overrides: Sequence[str] = ()) -> Config:
    """Read a recipe and apply ``key.path=value`` overrides; values are read as YAML.

    A recipe may build on another: ``base: other.yaml``, relative to its own folder; what it says itself comes first.

    Raises InputError that names the file and the field.
    """
    return parse(read(path), str(path), overrides)


def read(path: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """A recipe as plain data, with what it builds on, not yet checked. Raises InputError that names the file.

    Args:
        path: the file.
        above: the files that build on it.
    """
    try:
        record = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: cannot be read as YAML: {' '.join(str(error).split())}") from None
    if not isinstance(record, dict):
        raise InputError(f"{path}: expected a mapping with name, task and data")
    base = record.pop("base", None)
    if base is None:
        return record
    if not isinstance(base, str) or path.resolve() in above:
        raise InputError(f"{path}: base: expected the path of another recipe")
    return _merge(read(path.parent / base, (*above, path.resolve())), record)


def _merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` with what only `under` says, section by section."""
    merged = {**under, **over}
    for key in under.keys() & over.keys():
        if isinstance(under[key], dict) and isinstance(over[key], dict):
            merged[key] = _merge(under[key], over[key])
    return merged


def parse(record: dict[str, Any], origin: str, overrides: Sequence[str] = ()) -> Config:
    """A recipe from plain data and overrides of it. Raises InputError with one line a wrong field."""
    if overrides:
        record = copy.deepcopy(record)
    for override in overrides:
        _override(record, override)
    try:
        return Config.model_validate(record)
    except ValidationError as error:
        lines = [f"{origin}: {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise InputError("\n".join(lines)) from None


def dump(config: Config) -> str:
    """The recipe as YAML, every field spelled out."""
    return yaml.safe_dump(config.model_dump(mode="json"), allow_unicode=True, sort_keys=False)


def _override(record: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise InputError(f"--set {override}: expected key=value, such as training.batch_size=64")
    *parents, last = key.split(".")
    for parent in parents:
        inner = record.setdefault(parent, {})
        if not isinstance(inner, dict):
            raise InputError(f"--set {override}: {parent} is not a section")
        record = inner
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise InputError(f"--set {override}: the value is not YAML") from None
    record[last] = _number(value)


def _number(value: Any) -> Any:
    """YAML 1.1 reads 5e-4 as text; a person means the number."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value
