"""``paddle-ner prune``: a checkpoint in, a smaller one out."""

from __future__ import annotations

from pathlib import Path

import click

from paddle_ner.cli import console
from paddle_ner.cli.reader_options import Reading, reader_options
from paddle_ner.cli.transform_options import measured, pruning_options
from paddle_ner.compression.transforms.pruning import Cut, prune
from paddle_ner.modeling import Checkpoint


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--output", "-o", required=True, type=click.Path(path_type=Path), help="Folder of the new checkpoint.")
@click.option(
    "--calibration",
    required=True,
    type=click.Path(path_type=Path),
    help="Labelled file to measure importance on, such as the training data; not what the result is scored on.",
)
@click.option(
    "--calibration-size",
    default=512,
    show_default=True,
    type=click.IntRange(1),
    help="Number of its examples to use, at random.",
)
@pruning_options
@click.option("--json", "as_json", is_flag=True, help="Print what was done as one JSON object.")
@reader_options
def command(
    checkpoint: Path,
    output: Path,
    calibration: Path,
    calibration_size: int,
    cut: Cut,
    as_json: bool,
    reading: Reading,
) -> None:
    """Remove the least important layers, heads and feed-forward units from CHECKPOINT.

    The rest answers worse until it is trained again: `paddle-ner distill --teacher CHECKPOINT --start OUTPUT`.
    """
    opened = Checkpoint.open(checkpoint)
    examples = reading.load(calibration, overlapping=opened.task.decoding.overlapping)
    with console.err.status("pruning") as status:
        pruned = prune(
            opened,
            measured(examples, calibration_size),
            cut,
            lambda what: status.update(f"pruning: {what}"),
        )
        pruned.write(output)
    record = pruned.manifest.transforms[-1]
    if as_json:
        console.print_json({"checkpoint": str(output), **record})
        return
    for name in ("layers", "heads", "units"):
        if name in record:
            console.out.print(f"{name}: {_words(record[name]['before'])} before, {_words(record[name]['after'])} now")
    loss = record["loss"]
    console.out.print(
        f"{output}  (loss on {record['examples']} examples {loss['before']:.4f}, now {loss['after']:.4f})"
    )
    following = f"distill --teacher {checkpoint} --start {output} -o RUN"
    if opened.task.decoding.overlapping:  # which has no teacher
        following = f"evaluate {output}"
    console.err.print(f"next: paddle-ner {following}", markup=False)


def _words(value: int | list[int]) -> str:
    return str(value) if isinstance(value, int) else " + ".join(map(str, value))
