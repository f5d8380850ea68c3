"""The options of every command that trains, and the training that they start."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from paddle_ner.cli import console
from paddle_ner.cli.training_view import TrainingView
from paddle_ner.config import BaseConfig, Config
from paddle_ner.training import Cluster, Trained, train

_OPTIONS = (
    click.option("--output", "-o", required=True, type=click.Path(path_type=Path), help="Folder of the run."),
    click.option(
        "--devices",
        help="cpu (by default), cpu:N (N processes), gpu, or GPU numbers such as 0,1,2,3.",
    ),
    click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a value of the config."),
    click.option("--resume", is_flag=True, help="Continue from the last saved state in the output folder."),
    click.option("--overwrite", is_flag=True, help="Delete an earlier training in the output folder."),
    click.option(
        "--max-restarts", default=0, show_default=True, type=click.IntRange(0), help="Starts after a failure."
    ),
    click.option(
        "--find-batch-size",
        is_flag=True,
        help="Where memory runs out, go on with smaller micro-batches; the updates stay the same.",
    ),
    click.option("--nnodes", default=1, show_default=True, type=click.IntRange(1), help="Machines in all."),
    click.option("--master", help="ADDRESS:PORT of the first machine."),
    click.option("--rank", type=click.IntRange(0), help="Number of this machine."),
    click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object."),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The training that a command asks for.

    Attributes:
        config: the config or its file; None continues with the config of the run.
        overrides: values to override that are not in it yet.
    """

    config: BaseConfig | Path | None
    overrides: tuple[str, ...] = ()


def _tell_checkpoint(trained: Trained, as_json: bool) -> None:
    if as_json:
        console.print_json({"checkpoint": str(trained.checkpoint), "metric": trained.metric, "dev": trained.score})
        return
    console.out.print(f"{trained.checkpoint}  (dev {trained.metric} {trained.score:.4f})", markup=False)
    console.err.print(f"next: paddle-ner evaluate {trained.checkpoint} DATA, then paddle-ner export", markup=False)


def training_options(
    command: Callable[..., Asked],
    kind: type[BaseConfig] = Config,
    tell: Callable[[Trained, bool], None] = _tell_checkpoint,
) -> Callable[..., None]:
    """Give a click command the options of training, and train what it returns.

    Args:
        command: receives `overrides`, the values of ``--set``, and `resume`.
        kind: of the config that it returns a file of.
        tell: prints what the training left, as JSON or for people.
    """

    @functools.wraps(command)
    def wrapper(
        *arguments: Any,
        output: Path,
        devices: str | None,
        resume: bool,
        overwrite: bool,
        max_restarts: int,
        find_batch_size: bool,
        nnodes: int,
        master: str | None,
        rank: int | None,
        as_json: bool,
        **values: Any,
    ) -> None:
        asked = command(*arguments, resume=resume, **values)
        with console.progress() as display:
            trained = train(
                asked.config,
                output,
                kind=kind,
                overrides=asked.overrides,
                devices=devices,
                cluster=Cluster(nnodes, master, rank),
                resume=resume,
                overwrite=overwrite,
                max_restarts=max_restarts,
                find_batch_size=find_batch_size,
                observe=TrainingView(display),
            )
        tell(trained, as_json)

    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return wrapper
