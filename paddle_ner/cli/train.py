"""``paddle-ner train``: a config in, a checkpoint out."""

from __future__ import annotations

from pathlib import Path

import click

from paddle_ner.cli.training_options import Asked, training_options


@click.command()
@click.argument("config", required=False, type=click.Path(path_type=Path))
@training_options
def command(config: Path | None, overrides: tuple[str, ...], resume: bool) -> Asked:
    """Train the model of CONFIG (YAML) and write OUTPUT/checkpoint.

    With --resume, CONFIG, --set and --devices are by default those of the run.
    """
    return Asked(config, overrides)
