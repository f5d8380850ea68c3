"""``paddle-ner serve``: answer requests over HTTP."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from paddle_ner.cli import console
from paddle_ner.cli.engine_options import engine_options, min_score_option
from paddle_ner.cli.model_options import model_options
from paddle_ner.errors import InputError
from paddle_ner.serving.settings import Settings, parse_models


@click.command("serve")
@click.argument("bundle", required=False, type=click.Path(path_type=Path))
@click.option("--name", help="Name of BUNDLE in routes; by default its own name.")
@click.option("--model", "models", multiple=True, metavar="NAME=PATH", help="Another model; may be repeated.")
@engine_options
@min_score_option
@model_options(Settings, without=["models", "engine", "device", "precision", "threads", "min_score"])
def command(bundle: Path | None, name: str | None, models: tuple[str, ...], **options: Any) -> None:
    """Answer requests over HTTP with the model in BUNDLE, until SIGTERM or Ctrl-C.

    The page to try it by hand is at /, the documentation at /docs. BUNDLE may be a checkpoint too; without one, or with
    "default", the model that comes with the package finds persons, places and organizations. With several models, the
    first answers POST /predict, the others POST /models/NAME/predict.
    """
    from paddle_ner.serving import logs, run, tracing

    settings = Settings.create(models=_models(bundle, name, models), **options)
    logs.configure(settings)
    tracing.configure()

    def announce(url: str) -> None:
        line = f"serving {', '.join(settings.models)} on {url}"
        if settings.log_format == "json":
            logging.getLogger(__name__).info(line)
        else:
            click.echo(line, err=True)

    run(settings, on_ready=announce)


def _models(bundle: Path | None, name: str | None, models: tuple[str, ...]) -> dict[str, Path]:
    from paddle_ner.bundle import is_bundle, is_checkpoint, read_bundle_manifest, read_checkpoint_manifest
    from paddle_ner.inference.default import NAME as DEFAULT
    from paddle_ner.inference.default import resolved

    if bundle is None and name is not None and models:
        raise InputError("--name: there is no BUNDLE to name; with --model write NAME=PATH")
    paths = {key: resolved(path, console.log) for key, path in parse_models(list(models)).items()}
    if bundle is None and not paths:
        bundle = Path(DEFAULT)
    if bundle is not None:
        bundle = resolved(bundle, console.log)
        if name is None and bundle.is_dir():
            manifest = read_bundle_manifest(bundle) if is_bundle(bundle) else read_checkpoint_manifest(bundle)
            name = manifest.name
        name = name or bundle.name
        if name in paths:
            raise InputError(f"model {name!r} is named twice; give BUNDLE another name with --name")
        paths = {name: bundle, **paths}
    for path in paths.values():
        if not is_bundle(path) and not is_checkpoint(path):
            kind = "is neither a bundle nor a checkpoint" if path.is_dir() else "no such folder"
            raise InputError(f"{path}: {kind}; `paddle-ner export CHECKPOINT -o BUNDLE` makes a bundle")
    return paths
