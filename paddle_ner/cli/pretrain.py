"""``paddle-ner pretrain``: text without labels in, an encoder out."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import click

from paddle_ner.cli import console
from paddle_ner.cli.training_options import Asked, training_options
from paddle_ner.config import PretrainConfig
from paddle_ner.training import Trained


def _tell(trained: Trained, as_json: bool) -> None:
    perplexity = math.exp(-trained.score)
    if as_json:
        console.print_json({"encoder": str(trained.checkpoint), "perplexity": perplexity})
        return
    console.out.print(f"{trained.checkpoint}  (perplexity of held-out text {perplexity:,.2f})", markup=False)
    console.err.print(f"next: paddle-ner train CONFIG --set model.pretrained={trained.checkpoint}", markup=False)


@click.command()
@click.argument("config", required=False, type=click.Path(path_type=Path))
@partial(training_options, kind=PretrainConfig, tell=_tell)
def command(config: Path | None, overrides: tuple[str, ...], resume: bool) -> Asked:
    """Train an encoder on the texts of CONFIG (YAML) to predict masked tokens, and leave OUTPUT/encoder.

    A training on labels starts from it with model.pretrained: OUTPUT/encoder. With --resume, CONFIG, --set and
    --devices are those of the run where they are not given.
    """
    return Asked(config, overrides)
