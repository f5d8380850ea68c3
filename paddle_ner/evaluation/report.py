"""A report for people: tables on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from paddle_ner.evaluation.cutoff import Choice, best_f1, first_with_precision
from paddle_ner.evaluation.diagnosis.significance import Comparison
from paddle_ner.tasks.metrics import Report, Scores

MATRIX_LIMIT = 15  # classes up to which the whole confusion matrix is shown
CONFUSIONS_SHOWN = 10  # pairs of classes shown beyond that


def render(report: Report, console: Console) -> None:
    """Print the figures (in percent), by label and averaged; for classes, also what is taken for what."""
    console.print(_headline(report))
    console.print(_figures(report))
    if report.confusion is None:
        return
    labels = list(report.per_label)
    matrix = _matrix(labels, report.confusion, console) if len(labels) <= MATRIX_LIMIT else None
    console.print(matrix or _confusions(labels, report.confusion))


def min_score_lines(made: Sequence[Choice], precision: float | None) -> list[str]:
    """The least score of the best F1 in a line, and in another that of a wanted precision, of 1."""
    best = best_f1(made)
    lines = [f"best {_figures_in_line(best.scores)}, with --min-score {_shortest(best.min_score)}"]
    if precision is None:
        return lines
    if choice := first_with_precision(made, precision):
        figures = f"{_figures_in_line(choice.scores)}, with --min-score {_shortest(choice.min_score)}"
        return [*lines, f"precision of at least {100 * precision:g} %: {figures}"]
    most = max(choice.scores.precision for choice in made)
    return [*lines, f"no --min-score has a precision of {100 * precision:g} %, the highest is {_percent(most)} %"]


def comparison_line(comparison: Comparison, other: str) -> str:
    """How far a model is from the one called `other`, and whether that may be chance."""
    gap = comparison.overall.ours - comparison.overall.other
    low, high = (f"{100 * value:+.2f}" for value in comparison.overall.interval)
    test = {"mcnemar": "McNemar's test", "randomization": "approximate randomization"}[comparison.test]
    return f"{100 * gap:+.2f} points to {other} (95 % interval {low} to {high}, p = {comparison.p:.4f} by {test})"


def _shortest(score: float) -> str:
    """The decimal that stands for this float and no other."""
    return str(score).removesuffix(".0")


def _figures_in_line(scores: Scores) -> str:
    figures = (("F1", scores.f1), ("precision", scores.precision), ("recall", scores.recall))
    return ", ".join(f"{name} {_percent(value)} %" for name, value in figures)


def _headline(report: Report) -> Text:
    name = "F1" if report.metric == "f1" else "accuracy"
    line = Text.assemble((f"{name} {_percent(report.value)} %", "bold"), f" over {report.examples:,} examples")
    if report.metric == "f1" and report.accuracy is not None:
        line.append(f", all labels right in {_percent(report.accuracy)} %")
    return line


def _figures(report: Report) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("label")
    for column in ("precision", "recall", "F1", "support"):
        table.add_column(column, justify="right")

    def add(name: str, scores: Scores, style: str = "") -> None:
        figures = (scores.precision, scores.recall, scores.f1)
        table.add_row(Text(name), *map(_percent, figures), f"{scores.support:,}", style=style)

    for label, scores in report.per_label.items():
        add(label, scores, "" if scores.support else "dim")
    table.add_section()
    if report.metric == "f1":  # where an example has one label, the micro figures are the accuracy again
        add("micro", report.micro, "bold")
    add("macro", report.macro)
    add("weighted", report.weighted)
    return table


def _matrix(labels: Sequence[str], rows: Sequence[Sequence[int]], console: Console) -> Table | None:
    """The confusion matrix, its columns headed by numbers where labels are too wide; None where it does not fit."""
    for named, padding in ((True, 1), (False, 1), (False, 0)):
        table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, padding), title_justify="left")
        table.title = "confusion: gold in rows, predicted in columns"
        table.add_column("gold")
        for number, label in enumerate(labels, 1):
            table.add_column(Text(label) if named else str(number), justify="right", no_wrap=True)
        for number, (label, row) in enumerate(zip(labels, rows, strict=True), 1):
            cells = [_cell(count, number - 1 == column, sum(row)) for column, count in enumerate(row)]
            table.add_row(Text(label if named else f"{number} {label}"), *cells)
        # Measured as if on an endless line, since a measure is cut at the width it is given.
        if console.measure(table, options=console.options.update(max_width=100_000)).maximum <= console.width:
            return table
    return None


def _cell(count: int, right: bool, total: int) -> Text:
    if not count:
        return Text("·", "dim")
    style = "bold green" if right else "red" if count >= 0.05 * total else ""
    return Text(f"{count:,}", style)


def _confusions(labels: Sequence[str], rows: Sequence[Sequence[int]]) -> Table | Text:
    pairs = [
        (count, gold, predicted, sum(row))
        for gold, row in enumerate(rows)
        for predicted, count in enumerate(row)
        if count and gold != predicted
    ]
    if not pairs:
        return Text("no class is taken for another")
    pairs.sort(key=lambda pair: (-pair[0], pair[1:]))
    shown = pairs[:CONFUSIONS_SHOWN]
    left = sum(count for count, *_ in pairs[CONFUSIONS_SHOWN:])
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title="most frequent confusions", title_justify="left")
    table.add_column("gold")
    table.add_column("predicted")
    table.add_column("examples", justify="right")
    table.add_column("% of gold", justify="right")
    for count, gold, predicted, total in shown:
        table.add_row(Text(labels[gold]), Text(labels[predicted]), f"{count:,}", _percent(count / total))
    if left:
        table.caption = f"and {left:,} examples in {len(pairs) - len(shown):,} other pairs"
        table.caption_justify = "left"
    return table


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.2f}"
