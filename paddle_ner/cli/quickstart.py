"""``paddle-ner quickstart``: everything on a small sample."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from paddle_ner import data, quickstart
from paddle_ner.cli import console
from paddle_ner.data.sample import SIZES, unseen_sentence, write_sample
from paddle_ner.environment import require

COLOURS = {"PER": "black on green", "LOC": "black on cyan", "ORG": "black on yellow"}


@click.command("quickstart")
@click.option(
    "--output",
    "-o",
    default=Path("runs/quickstart"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder of the run; an earlier run in it is replaced.",
)
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a value of the config.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def command(output: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Make a small sample, train on it, evaluate, export, serve, and send one request over HTTP.

    It writes data/, checkpoint/ and bundle/ to the output folder.
    """
    require("paddle", "paddlenlp", needed_for="quickstart")
    from paddle_ner.cli.training_view import TrainingView
    from paddle_ner.cli.tuning import show, tune_with_progress
    from paddle_ner.evaluation.report import render
    from paddle_ner.evaluation.tuning.choice import MAX_DROP
    from paddle_ner.export import export
    from paddle_ner.training import train

    begun = time.monotonic()
    _headline("1/5 data: sentences with persons, places and organizations; no name of dev or test occurs in train")
    config = quickstart.write_config(output, overrides)
    files = write_sample(output / "data")
    for path in files.values():
        labels = Counter(entity.label for example in data.read(path) for entity in example.entities or ())
        console.err.print(f"    {path}  " + "  ".join(f"{label} {labels[label]}" for label in sorted(labels)))

    _headline("2/5 training: a small ERNIE with random weights, on this CPU")
    with console.progress() as display:
        trained = train(config, output, overwrite=True, observe=TrainingView(display))

    _headline("3/5 evaluation on the test set")
    with console.progress() as display:
        bar = display.add_task("evaluating", total=SIZES["test"], note="")
        report = quickstart.evaluate(trained.checkpoint, files["test"], lambda done: display.advance(bar, done))
    if not as_json:
        render(report, console.out)

    _headline("4/5 export: the static graph, its logits compared with the checkpoint's; then what runs fastest here")
    texts = [example.text for example in data.read(files["test"])]
    with console.err.status("exporting"):
        bundle = export(trained.checkpoint, output / "bundle", texts[:50]).bundle
    console.err.print(f"    {bundle}", markup=False)
    tuned = tune_with_progress(bundle, data.load(files["dev"]), MAX_DROP, keep=True)
    if not as_json:
        show(tuned)

    _headline("5/5 serving: one request over HTTP, with names that the training never saw")
    text = unseen_sentence().text
    with console.err.status("starting the server"), quickstart.serving(bundle, output / "serve.log") as url:
        answer = quickstart.ask(url, text)
    seconds = time.monotonic() - begun
    prediction = answer["predictions"][0]
    if as_json:
        console.print_json(
            {
                "checkpoint": str(trained.checkpoint),
                "bundle": str(bundle),
                "test": report.to_dict(),
                "prediction": prediction,
                "seconds": round(seconds, 1),
            }
        )
        return
    console.err.print(f"    POST {url}/predict", markup=False)
    console.out.print(Text("    ") + _highlight(prediction))
    _farewell(bundle, text, seconds)


def _headline(text: str) -> None:
    console.err.print(f"\n[bold]{text}[/]")


def _highlight(prediction: dict[str, Any]) -> Text:
    """The text with each entity in the colour of its label, and the label after it."""
    text, shown, end = prediction["text"], Text(), 0
    for entity in prediction["entities"]:
        shown.append(text[end : entity["start"]])
        shown.append(f" {entity['text']} {entity['label']} ", COLOURS.get(entity["label"], "reverse"))
        end = entity["end"]
    return shown.append(text[end:])


def _farewell(bundle: Path, text: str, seconds: float) -> None:
    console.err.print(f"\n[green]done[/] in {seconds:.0f} s. Next:")
    for line, what in (
        (f"paddle-ner serve {bundle}", "the page at http://127.0.0.1:8000 (make serve does the same)"),
        (f"echo '{text}' | paddle-ner predict {bundle}", "JSON lines in a pipe"),
        ("paddle-ner init --train YOURS", "a config for your own labelled file"),
    ):
        console.err.print(Text.assemble("    ", (line, "bold"), f"\n        {what}"))
