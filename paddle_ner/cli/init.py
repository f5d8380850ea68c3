"""``paddle-ner init``: a first config for the user's own labelled files."""

from __future__ import annotations

from pathlib import Path

import click

from paddle_ner.cli import console
from paddle_ner.cli.reader_options import Reading, reader_options
from paddle_ner.config.draft import Sources, write_config
from paddle_ner.config.templates import STARTER
from paddle_ner.data.packing import unpacked_name
from paddle_ner.data.source import is_standard_input
from paddle_ner.errors import InputError
from paddle_ner.tasks import TASKS

_PATH = click.Path(path_type=Path)


@click.command("init")
@click.option("--train", required=True, type=_PATH, help="Training data.")
@click.option("--dev", type=_PATH, help="Data to choose the best checkpoint by; by default a tenth of --train.")
@click.option("--test", type=_PATH, help="Data that `evaluate` takes by default.")
@click.option("--task", type=click.Choice(TASKS), help="By default, the task of the annotations.")
@click.option("--name", help="Name of the model; by default the name of the training file.")
@click.option(
    "--pretrained",
    metavar="NAME",
    default=STARTER,
    show_default=True,
    help="Encoder to start from: a published name, a local folder, starter (comes with the package), starter-large, for"
    " classification starter-words (both need their extra), or none for random weights.",
)
@click.option("--output", "-o", default=Path("config.yaml"), show_default=True, type=_PATH, help="File to write.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@reader_options
def command(
    train: Path,
    dev: Path | None,
    test: Path | None,
    task: str | None,
    name: str | None,
    pretrained: str,
    output: Path,
    force: bool,
    reading: Reading,
) -> None:
    """Read labelled files and write a commented config for `paddle-ner train`.

    Format, labels, window and epochs are chosen by the content of the files. All files are checked: bad records are
    listed as path:line, as in `paddle-ner data check`.
    """
    if output.exists() and not force:
        raise InputError(f"{output}: is there already: --force replaces it, --output names another")
    for path in (train, dev, test):
        if path is not None and (is_standard_input(path) or path.is_fifo()):
            raise InputError(f"{path}: a pipe is read once, and a config names its files: save it to one")
    sources = Sources(train, dev, test, reading.format, reading.options, reading.policy)
    with console.err.status("reading the files"):
        draft = write_config(
            sources, output, task=task, name=name, pretrained=None if pretrained == "none" else pretrained
        )
    for warning in draft.warnings:
        console.warn(warning)
    console.out.print(f"{output}  ({draft.task})", markup=False)
    console.err.print(f"next: read it, then paddle-ner train {output} --output runs/{_stem(train)}", markup=False)


def _stem(path: Path) -> str:
    """The name of a run after its training file, which may be packed or a pattern for several files."""
    return Path(unpacked_name(path.name)).stem.strip("*?[]-._") or "model"
