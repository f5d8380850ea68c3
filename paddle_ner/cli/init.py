"""``paddle-ner init``: a first config for the user's own labelled files."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from paddle_ner.cli import console
from paddle_ner.cli.reader_options import Reading, reader_options
from paddle_ner.config.draft import Sources, write_config
from paddle_ner.config.workload import CARDS, GIB, STARTER, Workload, estimate, this_cpu
from paddle_ner.data.packing import unpacked_name
from paddle_ner.data.source import is_standard_input
from paddle_ner.errors import InputError
from paddle_ner.tasks import TASKS
from paddle_ner.training.launch import Devices

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
@click.option("--devices", default="cpu", help="Where it will be trained, as in train: the estimates are for so many.")
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
    devices: str,
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
    count = Devices.parse(devices).count
    sources = Sources(train, dev, test, reading.format, reading.options, reading.policy)
    with console.err.status("reading the files"):
        draft = write_config(
            sources, output, task=task, name=name, pretrained=None if pretrained == "none" else pretrained
        )
    for warning in draft.warnings:
        console.warn(warning)
    console.out.print(f"{output}  ({draft.task})", markup=False)
    if draft.workload is not None:
        console.err.print(_table(draft.workload, count))
    console.err.print(f"next: read it, then paddle-ner train {output} --output runs/{_stem(train)}", markup=False)


def _table(workload: Workload, count: int) -> Table:
    """Memory and time on this CPU and on usual cards; the formula is in docs/training.md."""
    table = Table(title="roughly, by docs/training.md#memory-and-time", title_justify="left")
    for name in ("on", "memory", "time"):
        table.add_column(name, justify="left" if name == "on" else "right")
    for device in (this_cpu(), *CARDS):
        several = count if device.kind == "gpu" else 1
        found = estimate(workload, device, several)
        memory = f"{found.memory / GIB:.1f} GiB"
        if device.memory is not None:
            memory += f" of {device.memory / GIB:.0f}" + ("" if found.fits else ": too little")
        name = f"{several} × {device.name}" if several > 1 else device.name
        table.add_row(name, memory, _duration(found.seconds))
    return table


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _stem(path: Path) -> str:
    """The name of a run after its training file, which may be packed or a pattern for several files."""
    return Path(unpacked_name(path.name)).stem.strip("*?[]-._") or "model"
