"""``paddle-ner train``: a recipe in, a checkpoint out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.progress import Progress, TaskID

from paddle_ner import config as configs
from paddle_ner.cli import console
from paddle_ner.training import Cluster, train


class TrainingView:
    """Shows the events of a training on a progress bar."""

    def __init__(self, display: Progress) -> None:
        self._display = display
        self._bar: TaskID | None = None
        self._loss = self._score = ""

    def __call__(self, event: dict[str, Any]) -> None:
        """Show one event."""
        kind = event["event"]
        if kind == "info":
            console.err.print(event["message"], markup=False)
        elif kind == "begin":
            self._bar = self._display.add_task("training", total=event["steps"], completed=event["step"], note="")
        elif kind == "log":
            self._loss = f"loss {event['loss']:.4f}"
            self._note()
        elif kind == "evaluated":
            self._score = f"dev {event['metric']} {event['score']:.4f}"
            console.err.print(f"epoch {event['epoch']:.2f}, update {event['step']}: {self._score}")
            self._note()
        elif kind == "step" and self._bar is not None:
            self._display.update(self._bar, completed=event["step"])

    def _note(self) -> None:
        if self._bar is not None:
            self._display.update(self._bar, note=f"{self._loss}  {self._score}".strip())


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--output", "-o", required=True, type=click.Path(path_type=Path), help="Folder of the run.")
@click.option(
    "--devices", default="cpu", show_default=True, help="cpu, cpu:N (N processes), gpu, or GPU numbers such as 0,1,2,3."
)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a value of the recipe.")
@click.option("--resume", is_flag=True, help="Go on from the last saved state in the output folder.")
@click.option("--overwrite", is_flag=True, help="Delete what an earlier training left in the output folder.")
@click.option("--max-restarts", default=0, show_default=True, type=click.IntRange(0), help="Restart a failed training.")
@click.option("--nnodes", default=1, show_default=True, type=click.IntRange(1), help="Machines that train together.")
@click.option("--master", help="ADDRESS:PORT of the first machine.")
@click.option("--rank", type=click.IntRange(0), help="Number of this machine.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(
    config: Path,
    output: Path,
    devices: str,
    overrides: tuple[str, ...],
    resume: bool,
    overwrite: bool,
    max_restarts: int,
    nnodes: int,
    master: str | None,
    rank: int | None,
    as_json: bool,
) -> None:
    """Train the recipe CONFIG (YAML) and leave OUTPUT/checkpoint."""
    recipe = configs.load(config, overrides)
    with console.progress() as display:
        trained = train(
            recipe,
            output,
            devices=devices,
            cluster=Cluster(nnodes, master, rank),
            resume=resume,
            overwrite=overwrite,
            max_restarts=max_restarts,
            observe=TrainingView(display),
        )
    if as_json:
        console.print_json({"checkpoint": str(trained.checkpoint), "metric": trained.metric, "dev": trained.score})
        return
    console.out.print(f"{trained.checkpoint}  (dev {trained.metric} {trained.score:.4f})", markup=False)
    console.err.print(f"next: paddle-ner evaluate {trained.checkpoint} DATA, then paddle-ner export", markup=False)
