"""``paddle-ner distill``: a teacher and a student's config in, the student's checkpoint out."""

from __future__ import annotations

from pathlib import Path

import click

from paddle_ner import config as configs
from paddle_ner.cli.training_options import Asked, training_options
from paddle_ner.training.teacher import student_config


def _numbers(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, ...]:
    try:
        return () if value is None else tuple(int(number) for number in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value}, expected numbers from 0 such as 0,2,5") from None


@click.command()
@click.argument("config", required=False, type=click.Path(path_type=Path))
@click.option("--teacher", type=click.Path(path_type=Path), help="Checkpoint to learn from; by default the config's.")
@click.option(
    "--layers", callback=_numbers, metavar="N,…", help="Start from these layers of the teacher, counted from 0."
)
@click.option("--start", type=click.Path(path_type=Path), help="Start from this checkpoint, such as a pruned one.")
@click.option(
    "--texts",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Plain text without labels to learn from too, one per line, gzip or not; may be repeated.",
)
@click.option("--max-texts", type=click.IntRange(1), help="Take at most this many of them, at random.")
@training_options
def command(
    config: Path | None,
    teacher: Path | None,
    layers: tuple[int, ...],
    start: Path | None,
    texts: tuple[Path, ...],
    max_texts: int | None,
    overrides: tuple[str, ...],
    resume: bool,
) -> Asked:
    """Train the student of CONFIG (YAML) on the teacher's answers, and write OUTPUT/checkpoint.

    Without CONFIG the student learns on the teacher's own data and starts from some of its layers (--layers) or from a
    checkpoint (--start). Paths of --texts are relative to the working directory. With --resume alone, everything else
    is taken from the run.
    """
    if resume and not (config or teacher or layers or start or texts or max_texts):
        return Asked(None, overrides)
    student = student_config(
        None if config is None else configs.read(config),
        str(config),
        teacher,
        layers=layers,
        start=start,
        texts=texts,
        max_texts=max_texts,
        overrides=overrides,
    )
    return Asked(student)
