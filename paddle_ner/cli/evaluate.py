"""``paddle-ner evaluate``: a model and labelled data in, metrics out."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import click

from paddle_ner.bundle import Manifest, is_bundle, read_bundle_manifest, read_checkpoint_manifest
from paddle_ner.cli import console
from paddle_ner.cli.engine_options import engine_options, min_score_option, terms_options
from paddle_ner.cli.model_options import FiniteRange
from paddle_ner.cli.reader_options import Reading, reader_options, refuse_own_input
from paddle_ner.drawing.pictures import has_png
from paddle_ner.errors import InputError
from paddle_ner.evaluation.cutoff import Choice, best_f1, choices, first_with_precision
from paddle_ner.evaluation.diagnosis.diagnose import Diagnosis, diagnose
from paddle_ner.evaluation.diagnosis.items import judge
from paddle_ner.evaluation.diagnosis.significance import compare
from paddle_ner.evaluation.diagnosis.training import Training
from paddle_ner.evaluation.pages.report import PAGE, About, check_place, write
from paddle_ner.evaluation.report import comparison_line, min_score_lines, render
from paddle_ner.evaluation.score import score
from paddle_ner.files import whole_file
from paddle_ner.inference import Model, load
from paddle_ner.inference.default import resolved
from paddle_ner.tasks.decoding import TagDecoding
from paddle_ner.tasks.metrics import Report
from paddle_ner.training.corpus import config_of, dev_examples, read_file
from paddle_ner.types import Example, Prediction


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--split",
    type=click.Choice(["test", "dev"]),
    default="test",
    show_default=True,
    help="Without FILE: which data of the model's config to use.",
)
@click.option("--unseen", is_flag=True, help="Leave out texts that are also in the training data of its config.")
@engine_options
@min_score_option
@terms_options
@click.option(
    "--at-precision",
    type=FiniteRange(0, 1, min_open=True),
    metavar="PRECISION",
    help="Also say which --min-score has at least this precision (0.95), and the recall that it leaves.",
)
@click.option(
    "--report",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also write a page to this folder: what the model gets wrong, where, and what to label next.",
)
@click.option(
    "--train",
    "trained_on",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The training data, for the scores of names seen and unseen in them; by default those of its config.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="MODEL",
    help="Compare with another model on the same data: which is better, and whether that may be chance.",
)
@click.option("--predictions", type=click.Path(path_type=Path), help="Also write each example with its prediction.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@reader_options
def command(
    model: Path,
    file: Path | None,
    split: str,
    unseen: bool,
    at_precision: float | None,
    folder: Path | None,
    trained_on: Path | None,
    against: Path | None,
    predictions: Path | None,
    as_json: bool,
    reading: Reading,
    **options: Any,
) -> None:
    """Score MODEL, a checkpoint or a bundle, on the labelled FILE, or on the data that its config names.

    For a model that finds entities, and without --min-score, it also says which --min-score has the best F1 on it.
    """
    if file is not None and predictions is not None:
        refuse_own_input(file, predictions)
    if trained_on is not None and folder is None:
        raise InputError("--train is for the page of a report: name its folder with --report")
    if folder is not None:
        check_place(folder)
    given, model = model, resolved(model, console.log)
    predictor = load(model, **options)
    searched = predictor.decoding.name == TagDecoding.name and predictor.min_score is None
    if at_precision is not None and not searched:
        raise InputError(
            "--at-precision looks for a min score: leave out --min-score"
            if predictor.min_score is not None
            else f"--at-precision is for models that find entities, {model} gives classes"
        )
    compared_with = None if against is None else load(resolved(against, console.log), **options)
    if compared_with is not None and (task := compared_with.decoding.name) != predictor.decoding.name:
        raise InputError(f"--against {against}: a model for {task}, but {given} is for {predictor.decoding.name}")
    manifest = read_bundle_manifest(model) if is_bundle(model) else read_checkpoint_manifest(model)
    if file is not None:
        examples = reading.load(file, overlapping=predictor.decoding.overlapping)
    else:
        examples = _from_config(model, manifest, split)
    if unseen:
        examples = _unseen(model, manifest, examples)
    report, answers = _scored(predictor, examples, "evaluating")
    other = None
    if compared_with is not None:
        _, other = _scored(compared_with, examples, f"evaluating {against}")
    if predictions is not None:
        with whole_file(predictions) as path, path.open("w", encoding="utf-8") as stream:
            for example, answer in zip(examples, answers, strict=True):
                record = {**example.to_dict(), "prediction": dataclasses.replace(answer, id=None).to_dict()}
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")
    comparison = None if other is None else compare(judge(examples, answers), judge(examples, other), report.per_label)
    if folder is not None:
        training, source = _training(model, manifest, predictor, reading, trained_on)
        data = f"{split} of its config" if file is None else str(file)
        about = About(str(given), data, source, "" if against is None else str(against), f"{date.today()}")
        _written(folder, diagnose(report, examples, answers, training, other), about)
    made = choices(examples, answers) if searched else []
    if as_json:
        compared = {} if comparison is None else {"comparison": asdict(comparison)}
        console.print_json(report.to_dict() | _min_scores(made, at_precision) | compared)
        return
    render(report, console.out)
    for line in min_score_lines(made, at_precision) if made else ():
        console.out.print(line, markup=False)
    if comparison is not None:
        console.out.print(comparison_line(comparison, str(against)), markup=False)


def _scored(predictor: Model, examples: list[Example], what: str) -> tuple[Report, list[Prediction]]:
    with console.progress() as display:
        bar = display.add_task(what, total=len(examples), note="")
        return score(predictor, examples, lambda done: display.advance(bar, done))


def _training(
    model: Path, manifest: Manifest, predictor: Model, reading: Reading, file: Path | None
) -> tuple[Training | None, str]:
    """What the model saw, and the name of it; None where that cannot be told, which is said."""
    if file is not None:
        return Training.of(reading.load(file, overlapping=predictor.decoding.overlapping)), str(file)
    try:
        config = config_of(model, manifest)
        return Training.of(read_file(config, config.data.train)), config.data.train.path
    except InputError as error:
        console.log(f"the report says nothing of names seen and unseen in training, --train FILE adds that: {error}")
        return None, ""


def _written(folder: Path, diagnosis: Diagnosis, about: About) -> None:
    write(folder, diagnosis, about)
    console.log(f"report: {folder / PAGE}")
    if not has_png():
        console.log("its charts are SVG files; for PNG files as well: pip install 'paddle-ner[report]'")


def _min_scores(made: Sequence[Choice], precision: float | None) -> dict[str, Any]:
    """The min scores of the report in JSON; null for a precision that no min score reaches."""
    if not made:
        return {}
    min_scores = {"best_f1": best_f1(made).to_dict()}
    if precision is None:
        return {"min_score": min_scores}
    choice = first_with_precision(made, precision)
    return {"min_score": {**min_scores, "at_precision": choice and {"wanted": precision, **choice.to_dict()}}}


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
    console.log(f"left out {left:,} of {len(examples):,} texts, which are also in {config.data.train.path}")
    return kept
