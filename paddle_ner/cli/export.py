"""``paddle-ner export``: a checkpoint in, a verified bundle out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import get_args

import click

from paddle_ner import data
from paddle_ner.bundle import Storage, read_card, read_manifest
from paddle_ner.cli import console
from paddle_ner.cli.dev import dev_examples
from paddle_ner.cli.tuning import show, tune_with_progress
from paddle_ner.errors import PaddleNerError
from paddle_ner.evaluation.tuning import MAX_DROP, Tuned
from paddle_ner.types import Example


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--output", "-o", required=True, type=click.Path(path_type=Path), help="Folder of the bundle.")
@click.option(
    "--target",
    type=click.Choice(["bundle", "onnx"]),
    default="bundle",
    show_default=True,
    help="onnx: the bundle gets the graph for ONNX Runtime too.",
)
@click.option(
    "--texts",
    type=click.Path(path_type=Path),
    help="Labelled file or plain text, one a line: its first 200 texts are compared too.",
)
@click.option(
    "--dev",
    type=click.Path(path_type=Path),
    help="Labelled file to measure the bundle with; by default the dev set that the recipe names.",
)
@click.option(
    "--embeddings",
    type=click.Choice(get_args(Storage)),
    default="fp32",
    show_default=True,
    help="How their tables are stored; less than fp32 is refused where the score on dev falls by more than --max-drop.",
)
@click.option("--tune/--no-tune", default=True, show_default=True, help="Measure the bundle and keep what is best.")
@click.option(
    "--max-drop",
    default=MAX_DROP,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="How far below fp32 the score of a faster precision or of smaller embeddings may be.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(
    checkpoint: Path,
    output: Path,
    target: str,
    texts: Path | None,
    dev: Path | None,
    embeddings: Storage,
    tune: bool,
    max_drop: float,
    as_json: bool,
) -> None:
    """Turn CHECKPOINT into one bundle: its static graph, checked against the dynamic one, and what serving needs.

    The bundle is then timed and scored on this machine, at every precision that its CPU has; the fastest that keeps the
    score is what `serve` and `predict` take. `paddle-ner benchmark BUNDLE` does the same later, on another machine.
    """
    from paddle_ner.export import export

    samples = [example.text for example in islice(data.read(texts), 200)] if texts is not None else []
    judges: Sequence[Example] = ()
    if embeddings != "fp32":
        judges = data.load(dev) if dev is not None else dev_examples(checkpoint, read_card(checkpoint))
    with console.err.status("exporting: to_static, then both graphs are compared"):
        exported = export(
            checkpoint,
            output,
            samples,
            onnx=target == "onnx",
            embeddings=embeddings,
            examples=judges,
            max_drop=max_drop,
        )
    tuned = _tune(output, dev, max_drop) if tune else None
    if as_json:
        console.print_json(
            {
                "tuning": None if tuned is None else {"best": tuned.best.model_dump(), **tuned.tuning.model_dump()},
                "bundle": str(exported.bundle),
                "difference": exported.difference,
                "texts": exported.texts,
                "files": exported.manifest.files,
            }
        )
        return
    size = sum(path.stat().st_size for path in exported.bundle.iterdir()) / 1e6
    console.out.print(
        f"{exported.bundle}  ({size:.1f} MB; static and dynamic logits differ by at most"
        f" {exported.difference:.1e} on {exported.texts} texts)",
        markup=False,
    )
    if tuned is not None:
        show(tuned)
    console.err.print(f"next: paddle-ner serve {exported.bundle}", markup=False)


def _tune(bundle: Path, dev: Path | None, max_drop: float) -> Tuned | None:
    """What was measured; None, said in one line, where the recipe's dev set is not at hand."""
    if dev is not None:
        return tune_with_progress(bundle, data.load(dev), max_drop, keep=True)
    try:
        examples = dev_examples(bundle, read_manifest(bundle))
    except PaddleNerError as error:
        console.log(f"not measured, so it runs at fp32: {error}")
        console.log(f"to measure it: paddle-ner benchmark {bundle} DEV --tune")
        return None
    return tune_with_progress(bundle, examples, max_drop, keep=True)
