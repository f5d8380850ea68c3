"""``paddle-ner export``: a checkpoint in, a verified bundle out."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import get_args

import click

from paddle_ner import data
from paddle_ner.bundle import OnnxGraph, Precision, Storage, is_checkpoint, read_checkpoint_manifest, read_key
from paddle_ner.cli import console
from paddle_ner.cli.jetson import write_folder
from paddle_ner.cli.model_options import FiniteRange
from paddle_ner.cli.transform_options import texts_of
from paddle_ner.cli.tuning import show, tune_with_progress
from paddle_ner.errors import InputError, PaddleNerError
from paddle_ner.evaluation.tuning.choice import MAX_DROP
from paddle_ner.tasks.terms import Mode
from paddle_ner.training.corpus import dev_examples
from paddle_ner.types import Example

_COMPARED = 200  # texts


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--output", "-o", required=True, type=click.Path(path_type=Path), help="Folder of the bundle.")
@click.option(
    "--target",
    type=click.Choice(["bundle", "onnx", "jetson"]),
    default="bundle",
    show_default=True,
    help="onnx: the bundle also gets a graph for ONNX Runtime. jetson: instead a folder to copy to a device.",
)
@click.option(
    "--scales",
    type=click.Path(path_type=Path),
    help="For --target onnx or jetson: int8 too, by the bundle that `compress` made, or its quantization.json.",
)
@click.option(
    "--texts",
    type=click.Path(path_type=Path),
    help="Labelled file, or plain text with one text per line: its first 200 texts are compared too.",
)
@click.option(
    "--dev",
    type=click.Path(path_type=Path),
    help="Labelled file to measure the bundle with; by default the dev set that its config names.",
)
@click.option(
    "--embeddings",
    type=click.Choice(get_args(Storage)),
    default="fp32",
    show_default=True,
    help="How their tables are stored; less than fp32 is refused where the score on dev falls by more than --max-drop.",
)
@click.option("--tune/--no-tune", default=True, show_default=True, help="Measure the bundle and keep the best.")
@click.option(
    "--max-drop",
    default=MAX_DROP,
    show_default=True,
    type=FiniteRange(0, 1),
    help="How far below fp32 the score of a faster precision or of smaller embeddings may be.",
)
@click.option(
    "--terms",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Terms to put into the bundle, one per line: a term, a tab, its type; they are added to what the model finds.",
)
@click.option(
    "--terms-mode",
    type=click.Choice(get_args(Mode)),
    help="before, the default: a term replaces what the model finds there; after: it does not.",
)
@click.option(
    "--sign-key",
    type=click.Path(path_type=Path),
    help="File of a secret key to sign the bundle with; `serve --verify-key` refuses bundles without its signature.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(
    checkpoint: Path,
    output: Path,
    target: str,
    scales: Path | None,
    texts: Path | None,
    dev: Path | None,
    embeddings: Storage,
    tune: bool,
    max_drop: float,
    terms: Path | None,
    terms_mode: Mode | None,
    sign_key: Path | None,
    as_json: bool,
) -> None:
    """Turn CHECKPOINT into a bundle: its static graph, checked against the dynamic one, and what serving needs.

    The bundle is then timed and scored on this machine, at every precision that its CPU has and, with --target onnx, in
    ONNX Runtime too; `serve` and `predict` use the fastest that keeps the score. `paddle-ner benchmark BUNDLE` does the
    same later, on another machine.
    """
    from paddle_ner.export import export
    from paddle_ner.export.onnx.graphs import scales_of

    if scales is not None and target == "bundle":
        raise InputError("--scales are for the int8 ONNX graph: add --target onnx, or jetson")
    if terms is None and terms_mode is not None:
        raise InputError("--terms-mode is for terms: name a file of them with --terms")
    key = None if sign_key is None else read_key(sign_key)
    thresholds = None if scales is None else scales_of(scales)
    samples = list(islice(texts_of(texts), _COMPARED)) if texts is not None else []
    rounds = thresholds is not None or embeddings != "fp32"
    if target == "jetson":
        if key is not None:
            raise InputError("--sign-key is for bundles; a folder for a device has a SHA256SUMS of its own")
        if terms is not None:
            raise InputError("--terms is for the targets bundle and onnx: a folder for a device has no terms")
        if embeddings != "fp32":
            raise InputError("--embeddings is for the targets bundle and onnx: a folder for a device has them in fp32")
        examples = _labelled(checkpoint, dev, needed=rounds, otherwise="not scored")
        write_folder(checkpoint, output, samples, thresholds, examples, max_drop, as_json)
        return
    examples = _labelled(checkpoint, dev, needed=rounds) if rounds or tune or target == "onnx" else []
    with console.err.status("exporting: to_static, then both graphs are compared") as status:

        def advance(share: float) -> None:
            status.update(f"scoring the ONNX graphs beside Paddle's: {share:.0%}")

        exported = export(
            checkpoint,
            output,
            samples,
            onnx=target == "onnx",
            embeddings=embeddings,
            scales=thresholds,
            examples=examples,
            max_drop=max_drop,
            terms=terms,
            terms_mode=terms_mode or "before",
            key=key,
            advance=advance,
        )
    tuned = tune_with_progress(output, examples, exported.max_drop, keep=True, key=key) if tune and examples else None
    if tune and not examples:
        console.log(f"to measure it: paddle-ner benchmark {output} DEV --tune")
    graphs = exported.manifest.onnx
    if as_json:
        console.print_json(
            {
                "tuning": None if tuned is None else {"best": tuned.best.model_dump(), **tuned.tuning.model_dump()},
                "bundle": str(exported.bundle),
                "difference": exported.difference,
                "texts": exported.texts,
                "onnx": {precision: graph.model_dump() for precision, graph in graphs.items()},
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
    for precision, graph in graphs.items():
        console.out.print(_line(precision, graph), markup=False)
    if tuned is not None:
        show(tuned)
    console.err.print(f"next: paddle-ner serve {exported.bundle}", markup=False)


def _line(precision: Precision, graph: OnnxGraph) -> str:
    """A line about an ONNX file."""
    said = [f"opset {graph.opset}", f"{graph.matmuls} weight matmuls"]
    if precision == "int8":
        said[1] = (
            f"{graph.int8_matmuls} of {graph.matmuls} weight matmuls in int8 kernels of ONNX Runtime {graph.runtime}"
        )
    if graph.score is None or graph.drop is None or graph.agreement is None:
        said.append("not scored")
    else:
        said.append(
            f"{graph.metric} {100 * graph.score:.2f} on {graph.examples:,} examples, {100 * abs(graph.drop):.2f}"
            f" {'below' if graph.drop >= 0 else 'above'} Paddle at fp32, {100 * graph.agreement:.2f}% of the answers"
            " the same"
        )
    return f"{graph.file}  ({'; '.join(said)})"


def _labelled(
    checkpoint: Path, dev: Path | None, *, needed: bool, otherwise: str = "not measured, so it runs at fp32"
) -> list[Example]:
    """The examples to measure and score with; none, with a line that says so, if the config's dev set is missing."""
    if not is_checkpoint(checkpoint):
        return []  # export says what is wrong with it
    if dev is not None:
        overlapping = read_checkpoint_manifest(checkpoint).build_decoding().overlapping
        return data.load(dev, options=data.ReadOptions(overlaps="allow" if overlapping else "report"))
    try:
        return dev_examples(checkpoint, read_checkpoint_manifest(checkpoint), console.log)
    except PaddleNerError as error:
        if needed:
            raise InputError(
                f"what is rounded to fewer bits must be scored first, so name a labelled --dev: {error}"
            ) from None
        console.log(f"{otherwise}: {error}")
        return []
