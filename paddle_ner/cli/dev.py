"""The labelled data that a model's recipe names."""

from __future__ import annotations

from pathlib import Path

from paddle_ner import config
from paddle_ner.bundle import Manifest
from paddle_ner.cli import console
from paddle_ner.config import Config
from paddle_ner.errors import InputError
from paddle_ner.training.corpus import read_corpus
from paddle_ner.types import Example


def recipe_of(model: Path, manifest: Manifest) -> Config:
    """The recipe that `model` was trained with. Raises InputError where it holds none."""
    if not manifest.config:
        raise InputError(f"{model}: holds no recipe; name a labelled FILE")
    return config.parse(manifest.config, f"recipe of {model}")


def dev_examples(model: Path, manifest: Manifest) -> list[Example]:
    """The dev set of the recipe. Raises InputError or DataError where it cannot be read."""
    return read_corpus(recipe_of(model, manifest), console.log).dev
