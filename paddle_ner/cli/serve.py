"""``paddle-ner serve``: answer requests over HTTP."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, get_args

import click

from paddle_ner.cli.engine_options import engine_options
from paddle_ner.errors import InputError
from paddle_ner.serving.settings import LogFormat, LogLevel


@click.command("serve")
@click.argument("bundle", required=False, type=click.Path(path_type=Path))
@click.option("--name", help="Name of BUNDLE in routes; its own name where not given.")
@click.option("--model", "models", multiple=True, metavar="NAME=PATH", help="One more model; may be repeated.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option(
    "--ready-file", type=click.Path(path_type=Path, dir_okay=False), help="Write {url, port, pid} here once ready."
)
@engine_options
@click.option(
    "--replicas",
    type=click.IntRange(1),
    help="Engines of each model. Without it and --threads: the layout that the bundle was measured best in.",
)
@click.option(
    "--verify-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Load only bundles that the key in this file signed, see export --sign-key; at each swap too.",
)
@click.option(
    "--reload-seconds",
    default=2.0,
    show_default=True,
    type=click.FloatRange(0),
    help="How often bundles on disk are looked at for a newer one; 0 never.",
)
@click.option("--max-queue", default=1024, show_default=True, type=click.IntRange(1), help="Texts waiting; then 429.")
@click.option(
    "--max-queue-tokens",
    default=1 << 20,
    show_default=True,
    type=click.IntRange(1),
    help="Characters of the texts waiting; then 429.",
)
@click.option("--max-texts", default=256, show_default=True, type=click.IntRange(1), help="Texts a request; then 422.")
@click.option(
    "--max-characters", default=20_000, show_default=True, type=click.IntRange(1), help="Characters a text; then 422."
)
@click.option(
    "--max-body-bytes", default=4 << 20, show_default=True, type=click.IntRange(1), help="Bytes a body; then 413."
)
@click.option(
    "--max-bodies-bytes",
    default=64 << 20,
    show_default=True,
    type=click.IntRange(1),
    help="Bytes of all bodies that are read or not yet answered; then 503.",
)
@click.option(
    "--max-head-bytes", default=32 << 10, show_default=True, type=click.IntRange(256), help="Bytes a head; then 431."
)
@click.option(
    "--max-connections",
    default=1024,
    show_default=True,
    type=click.IntRange(1),
    help="Open connections; then 503, but for /health/*.",
)
@click.option(
    "--max-client-connections",
    default=512,
    show_default=True,
    type=click.IntRange(1),
    help="Open connections of one address.",
)
@click.option(
    "--head-timeout",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="Seconds for a request's head; then 408.",
)
@click.option(
    "--body-timeout",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="Seconds for a request's body; then 408.",
)
@click.option(
    "--send-timeout",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="Seconds that a client may leave its answer unread, beside 1 for each 64 KiB.",
)
@click.option(
    "--deadline",
    "deadline_seconds",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0, min_open=True),
    help="Seconds to the answer; then 504.",
)
@click.option(
    "--drain-timeout",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Seconds that SIGTERM waits for what is under way.",
)
@click.option(
    "--batch-tokens", default=2048, show_default=True, type=click.IntRange(1), help="Padded tokens a batch at most."
)
@click.option(
    "--batch-delay",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Seconds that a text waits for company while the engine is free.",
)
@click.option(
    "--api-keys",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of hashed API keys, from `paddle-ner api-key`; read again when it changes.",
)
@click.option(
    "--api-key-hashes",
    envvar="PADDLE_NER_SERVE_API_KEY_HASHES",
    show_envvar=True,
    metavar="LINES",
    help="The lines of such a file themselves, separated by commas.",
)
@click.option("--insecure", is_flag=True, help="Listen without keys on an address that other machines reach.")
@click.option(
    "--rate-limit",
    type=click.FloatRange(0, min_open=True),
    help="Requests a second of each key, or without keys of each client address; then 429.",
)
@click.option(
    "--trusted-proxies",
    default=(),
    metavar="ADDRESSES",
    type=click.UNPROCESSED,
    callback=lambda _, __, value: _addresses(value),
    help="Addresses and networks of proxies whose header X-Forwarded-For is believed, such as 127.0.0.1,10.0.0.0/8.",
)
@click.option(
    "--cors-origin",
    "cors_origins",
    multiple=True,
    default=(),
    metavar="ORIGIN",
    help="Let pages of this origin ask from a browser, such as https://example.org; may be repeated.",
)
@click.option("--metrics-public", is_flag=True, help="/metrics needs no key.")
@click.option(
    "--log-format",
    type=click.Choice(get_args(LogFormat)),
    default="text",
    show_default=True,
    help="Of the lines on stderr; json is one object a line.",
)
@click.option(
    "--log-level",
    type=click.Choice(get_args(LogLevel)),
    help="Least level written; info has one line a request. warning for text, info for json where not given.",
)
def command(bundle: Path | None, name: str | None, models: tuple[str, ...], **options: Any) -> None:
    """Answer requests over HTTP with the model in BUNDLE, until SIGTERM or Ctrl-C.

    The page to try it by hand is at /, the documentation at /docs. BUNDLE may be a checkpoint too. With several
    models, the first answers POST /predict, the others POST /models/NAME/predict.
    """
    from paddle_ner.serving import Settings, logs, run, tracing

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


def _addresses(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value


def _models(bundle: Path | None, name: str | None, models: tuple[str, ...]) -> dict[str, Path]:
    from paddle_ner.bundle import is_bundle, is_checkpoint, read_bundle_manifest, read_checkpoint_manifest
    from paddle_ner.serving.settings import parse_models

    if bundle is None and name is not None:
        raise InputError("--name: there is no BUNDLE to name; with --model write NAME=PATH")
    found = parse_models(list(models))
    if bundle is not None:
        if name is None and bundle.is_dir():
            manifest = read_bundle_manifest(bundle) if is_bundle(bundle) else read_checkpoint_manifest(bundle)
            name = manifest.name
        name = name or bundle.name
        if name in found:
            raise InputError(f"model {name!r} is named twice; give BUNDLE another name with --name")
        found = {name: bundle, **found}
    if not found:
        raise InputError("nothing to serve: give a BUNDLE, such as runs/quickstart/bundle, or --model NAME=PATH")
    for path in found.values():
        if not is_bundle(path) and not is_checkpoint(path):
            kind = "is neither a bundle nor a checkpoint" if path.is_dir() else "no such folder"
            raise InputError(f"{path}: {kind}; `paddle-ner export CHECKPOINT -o BUNDLE` makes a bundle")
    return found
