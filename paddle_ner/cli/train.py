"""``paddle-ner train``: a recipe in, a checkpoint out."""

from __future__ import annotations

from pathlib import Path

import click

from paddle_ner import config as configs
from paddle_ner.cli.training_options import training_options
from paddle_ner.config import Config


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@training_options
def command(config: Path, overrides: tuple[str, ...]) -> Config:
    """Train the recipe CONFIG (YAML) and leave OUTPUT/checkpoint."""
    return configs.load(config, overrides)
