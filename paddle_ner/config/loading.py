"""Reading and writing a config: the file, the configs it builds on, and its overrides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from paddle_ner.config import overrides as overriding
from paddle_ner.config.models import BaseConfig, Config
from paddle_ner.config.pretraining import PretrainConfig
from paddle_ner.config.text import parse_yaml
from paddle_ner.errors import InputError

C = TypeVar("C", bound=BaseConfig)

_MAX_BASES = 20  # configs that build on one another


def load(path: Path, overrides: Sequence[str] = ()) -> Config:
    """Read a config and apply ``key.path=value`` overrides; values are read as YAML.

    A config may build on another: ``base: other.yaml``, relative to its own folder; its own values come first.

    Raises InputError that names the file, or the override, and the field.
    """
    return parse(read(path), str(path), overrides)


def read(path: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """A config as plain data, merged with its base, not yet checked. Raises InputError that names the file.

    Args:
        path: the file.
        above: the files that build on it.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is not UTF-8: {error.reason} at byte {error.start}; save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    record = parse_yaml(text, str(path))
    if not isinstance(record, dict):
        raise InputError(f"{path}: expected a mapping with name, data and more")
    base = record.pop("base", None)
    if base is None:
        return record
    if not isinstance(base, str) or path.resolve() in above:
        raise InputError(f"{path}: base: expected the path of another config")
    if len(above) >= _MAX_BASES:
        raise InputError(f"{path}: base: more than {_MAX_BASES} configs build on one another")
    return _merge(read(path.parent / base, (*above, path.resolve())), record)


def _merge(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over`, with the values that only `under` has, section by section."""
    merged = {**under, **over}
    for key in under.keys() & over.keys():
        if isinstance(under[key], dict) and isinstance(over[key], dict):
            merged[key] = _merge(under[key], over[key])
    return merged


def parse(record: dict[str, Any], origin: str, overrides: Sequence[str] = ()) -> Config:
    """A config from plain data and overrides of it. Raises InputError with one line for each wrong field."""
    return parse_as(Config, record, origin, overrides)


def parse_as(kind: type[C], record: dict[str, Any], origin: str, overrides: Sequence[str] = ()) -> C:
    """The same, of any kind of config. One of another kind is told by what only that has: a task, or masking."""
    if kind is PretrainConfig and "task" in record:
        raise InputError(f"{origin}: has a task, so it is a config for paddle-ner train, not for pretrain")
    if kind is Config and "task" not in record and "masking" in record:
        raise InputError(f"{origin}: has masking and no task, so it is a config for paddle-ner pretrain, not for train")
    try:
        return kind.model_validate(overriding.apply(record, overrides))
    except ValidationError as error:
        raise InputError(overriding.explain(error, kind, record, origin, overrides)) from None


def load_dumped(path: Path) -> BaseConfig:
    """Read what `dump` wrote, of whatever kind it is. Raises InputError as `load` does."""
    record = read(path)
    return parse_as(PretrainConfig if "masking" in record else Config, record, str(path))


def dump(config: BaseConfig) -> str:
    """The config as YAML, every field spelled out."""
    return yaml.safe_dump(config.model_dump(mode="json"), allow_unicode=True, sort_keys=False)
