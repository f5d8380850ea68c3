"""``paddle-ner evaluate``: a model and labelled data in, metrics out."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from paddle_ner.bundle import Manifest, is_bundle, read_bundle_manifest, read_checkpoint_manifest
from paddle_ner.cli import console
from paddle_ner.cli.engine_options import engine_options, min_score_option, terms_options
from paddle_ner.cli.reader_options import Reading, reader_options
from paddle_ner.errors import InputError
from paddle_ner.evaluation.report import render
from paddle_ner.evaluation.score import score
from paddle_ner.files import whole_file
from paddle_ner.inference import load
from paddle_ner.inference.default import resolved
from paddle_ner.training.corpus import config_of, dev_examples, read_file
from paddle_ner.types import Example


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--split",
    type=click.Choice(["test", "dev"]),
    default="test",
    show_default=True,
    help="Without FILE: which of the data that the model's config names.",
)
@click.option("--unseen", is_flag=True, help="Leave out texts that stand in the training data of its config too.")
@engine_options
@min_score_option
@terms_options
@click.option("--predictions", type=click.Path(path_type=Path), help="Also write each example with its prediction.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@reader_options
def command(
    model: Path,
    file: Path | None,
    split: str,
    unseen: bool,
    predictions: Path | None,
    as_json: bool,
    reading: Reading,
    **options: Any,
) -> None:
    """Score MODEL, a checkpoint or a bundle, on the labelled FILE, or on the data that its config names."""
    model = resolved(model, console.log)
    predictor = load(model, **options)
    manifest = read_bundle_manifest(model) if is_bundle(model) else read_checkpoint_manifest(model)
    if file is not None:
        examples = reading.load(file, overlapping=predictor.decoding.overlapping)
    else:
        examples = _from_config(model, manifest, split)
    if unseen:
        examples = _unseen(model, manifest, examples)
    with console.progress() as display:
        bar = display.add_task("evaluating", total=len(examples), note="")
        report, answers = score(predictor, examples, lambda done: display.advance(bar, done))
    if predictions is not None:
        with whole_file(predictions) as path, path.open("w", encoding="utf-8") as stream:
            for example, answer in zip(examples, answers, strict=True):
                record = {**example.to_dict(), "prediction": dataclasses.replace(answer, id=None).to_dict()}
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")
    if as_json:
        console.print_json(report.to_dict())
    else:
        render(report, console.out)


def _from_config(model: Path, manifest: Manifest, split: str) -> list[Example]:
    if split == "dev":
        return dev_examples(model, manifest, console.log)
    config = config_of(model, manifest)
    if config.data.test is None:
        raise InputError(f"{model}: its config names no test data; name a labelled FILE, or use --split dev")
    return read_file(config, config.data.test, console.log)


def _unseen(model: Path, manifest: Manifest, examples: list[Example]) -> list[Example]:
    config = config_of(model, manifest)
    seen = {example.text for example in read_file(config, config.data.train, console.log)}
    kept = [example for example in examples if example.text not in seen]
    left = len(examples) - len(kept)
    console.log(f"left out {left:,} of {len(examples):,} texts, which stand in {config.data.train.path} too")
    return kept
