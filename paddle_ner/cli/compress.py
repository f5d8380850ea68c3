"""``paddle-ner compress``: a checkpoint in, the fastest bundle that keeps its scores out, or a refusal."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import get_args

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from paddle_ner.bundle import Storage, read_checkpoint_manifest, read_key
from paddle_ner.bundle.compression import Compression, CompressionCandidate
from paddle_ner.cli import console
from paddle_ner.cli.model_options import FiniteRange
from paddle_ner.cli.reader_options import Reading, reader_options
from paddle_ner.cli.transform_options import Changes, transform_options
from paddle_ner.compression.options import BUDGET_MINUTES, MAX_DROP, MAX_LABEL_DROP, Asked, Options
from paddle_ner.errors import InputError
from paddle_ner.evaluation.tuning.timing import spread
from paddle_ner.files import whole_file
from paddle_ner.training.corpus import config_of, read_corpus
from paddle_ner.types import Example

_CALIBRATION_TEXTS = 2000  # more than any calibration reads
_WIDTH = 220


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--output", "-o", required=True, type=click.Path(path_type=Path), help="Folder of the bundle.")
@click.option(
    "--calibration",
    type=click.Path(path_type=Path),
    help="Texts to observe the model on, labelled or not; by default the training set that its config names.",
)
@click.option(
    "--evaluation",
    type=click.Path(path_type=Path),
    help="Labelled file that every candidate is scored on; by default the dev set that its config names.",
)
@click.option(
    "--precision",
    type=click.Choice(["auto", "int8", "bf16"]),
    default="auto",
    show_default=True,
    help="Candidates; auto: all that the device has.",
)
@click.option("--device", default="cpu", show_default=True, help="cpu; or gpu, where fp16 is the only candidate.")
@click.option(
    "--budget",
    default=BUDGET_MINUTES,
    show_default=True,
    type=FiniteRange(0, min_open=True),
    help="Minutes after which no further candidate is started; the first is always tried.",
)
@click.option(
    "--max-drop",
    default=MAX_DROP,
    show_default=True,
    type=FiniteRange(0, 1),
    help="How far below fp32 the score may be: F1 or accuracy, from 0 to 1.",
)
@click.option(
    "--max-label-drop",
    default=MAX_LABEL_DROP,
    show_default=True,
    type=FiniteRange(0, 1),
    help="The same for the F1 of any label; 1 allows all.",
)
@click.option(
    "--allow-slower", is_flag=True, help="Accept the best candidate even if fp32 is faster here: for its size."
)
@transform_options
@click.option(
    "--embeddings",
    type=click.Choice(get_args(Storage)),
    default="fp32",
    show_default=True,
    help="How embedding tables are stored in the bundle.",
)
@click.option(
    "--sign-key",
    type=click.Path(path_type=Path),
    help="File of a secret key to sign the bundle with; `serve --verify-key` refuses bundles without its signature.",
)
@click.option("--report", type=click.Path(path_type=Path), help="Write all measurements to this file as JSON.")
@click.option("--json", "as_json", is_flag=True, help="Print all measurements as one JSON object.")
@reader_options
def command(
    checkpoint: Path,
    output: Path,
    calibration: Path | None,
    evaluation: Path | None,
    precision: Asked,
    device: str,
    budget: float,
    max_drop: float,
    max_label_drop: float,
    allow_slower: bool,
    changes: Changes,
    embeddings: Storage,
    sign_key: Path | None,
    report: Path | None,
    as_json: bool,
    reading: Reading,
) -> None:
    """Compress CHECKPOINT into one bundle: the fastest candidate whose scores are close enough to those of fp32.

    PaddleSlim quantizes it in several ways; each is scored and timed in the engine that will serve it, against fp32 and
    bf16 of the same checkpoint. Exit status 1 means that no candidate was good enough: then only the report is
    written.
    """
    from paddle_ner.compression.search import Refused, compress

    if report is not None and not report.parent.is_dir():
        raise InputError(f"{report}: there is no folder {report.parent} to write the report to")
    key = None if sign_key is None else read_key(sign_key)
    options = Options(precision, device, budget, max_drop, max_label_drop, allow_slower, embeddings)
    calibration_set, evaluation_set = _sets(checkpoint, calibration, evaluation, reading)
    transforms = changes.transforms(calibration_set)
    with console.progress() as display:
        bar = display.add_task("compressing", total=100, note="")

        def advance(share: float, note: str) -> None:
            display.update(bar, completed=round(100 * share), note=note)

        try:
            compressed = compress(
                checkpoint, output, calibration_set, evaluation_set, options, transforms, key=key, advance=advance
            )
        except Refused as refused:
            display.stop()
            _show(refused.record, report, as_json)
            raise
    _show(compressed.record, report, as_json)
    console.err.print(f"next: paddle-ner serve {compressed.bundle}", markup=False)


def _sets(
    checkpoint: Path, calibration: Path | None, evaluation: Path | None, reading: Reading
) -> tuple[list[Example], list[Example]]:
    """The texts to calibrate with and the examples to score on: from the files, or from the checkpoint's config."""
    manifest = read_checkpoint_manifest(checkpoint)
    read = partial(reading.load, overlapping=manifest.build_decoding().overlapping)
    if calibration is not None and evaluation is not None:
        return spread(read(calibration), _CALIBRATION_TEXTS), read(evaluation)
    corpus = read_corpus(config_of(checkpoint, manifest), console.log)
    return (
        spread(corpus.train if calibration is None else read(calibration), _CALIBRATION_TEXTS),
        corpus.dev if evaluation is None else read(evaluation),
    )


def _show(record: Compression, report: Path | None, as_json: bool) -> None:
    if report is not None:
        with whole_file(report) as path:
            text = json.dumps(record.model_dump(mode="json"), ensure_ascii=False, indent=2)
            path.write_text(text + "\n", encoding="utf-8")
    if as_json:
        console.print_json(record.model_dump(mode="json"))
        return
    console.out.print(
        f"{record.cpu}, {record.threads} threads: {record.evaluation.examples:,} examples scored;"
        f" allowed: {record.metric} {100 * record.max_drop:g} points below fp32, any label"
        f" {100 * record.max_label_drop:g}",
        markup=False,
    )
    # As wide as needed, even on a narrow terminal: a figure that is cut says nothing.
    Console(highlight=False, width=max(_WIDTH, console.out.width)).print(_table(record))
    if record.left_out:
        plans = "; ".join(str(plan) for plan in record.left_out)
        console.out.print(f"left out, {record.budget_minutes:g} minutes being over: {plans}", markup=False)


def _table(record: Compression) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("candidate", no_wrap=True)
    speeds = ("\u00d7 fp32", "engines \u00d7 threads", "texts/s", "one text")
    for column in ("windows", record.metric, "drop", "worst label", *speeds, "int8", "MB"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for candidate in record.candidates:
        taken = candidate == record.after
        plan, speed, kernels = candidate.plan, candidate.speed, candidate.kernels
        table.add_row(
            Text(_name(candidate, record)),
            "" if plan is None else f"{plan.windows:,}",
            "" if candidate.score is None else f"{100 * candidate.score:.2f}",
            "" if candidate.drop is None else f"{100 * candidate.drop:.2f}",
            Text(_worst(candidate)),
            "" if candidate.speedup is None else f"{candidate.speedup:.2f}",
            "" if candidate.replicas is None else f"{candidate.replicas} × {candidate.threads}",
            "" if speed is None else f"{speed.texts_per_second:,.0f}",
            "" if speed is None else f"{speed.milliseconds:.1f} ms",
            "" if kernels is None else f"{kernels.int8} of {kernels.total}",
            "" if candidate.megabytes is None else f"{candidate.megabytes:.1f}",
            Text("taken" if taken else _verdict(candidate)),
            style="bold" if taken else "",
        )
    return table


def _name(candidate: CompressionCandidate, record: Compression) -> str:
    if candidate.plan is not None:
        return f"int8 {candidate.plan.algorithm}/{candidate.plan.granularity}/{candidate.plan.operations}"
    return "fp32, made smaller" if candidate.precision == "fp32" and candidate != record.before else candidate.precision


def _worst(candidate: CompressionCandidate) -> str:
    return "" if candidate.worst_label is None else f"{candidate.worst_label} \u2212{100 * candidate.worst_drop:.2f}"


def _verdict(candidate: CompressionCandidate) -> str:
    return f"refused: {candidate.refused}" if candidate.refused else ""
