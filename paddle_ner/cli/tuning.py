"""Measuring a bundle on the command line: a progress bar while it runs, a table when it is done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from paddle_ner.cli import console
from paddle_ner.evaluation.tuning.choice import Tuned, allowed, tune
from paddle_ner.types import Example


def tune_with_progress(
    bundle: Path, examples: Sequence[Example], max_drop: float, *, keep: bool, key: bytes | None = None
) -> Tuned:
    """The same as `tune`, with a progress bar."""
    with console.progress() as display:
        bar = display.add_task("measuring", total=100, note="")

        def advance(share: float) -> None:
            display.update(bar, completed=round(100 * share))

        return tune(bundle, examples, max_drop, keep=keep, key=key, advance=advance)


def show(tuned: Tuned) -> None:
    """Print every candidate, the best one marked."""
    tuning = tuned.tuning
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    several = len({candidate.engine for candidate in tuning.candidates}) > 1
    if several:
        table.add_column("engine", no_wrap=True)
    table.add_column("precision", no_wrap=True)
    table.add_column("engines × threads")
    for column in ("texts/s", "one text", tuning.metric, "drop", ""):
        table.add_column(column, justify="right")
    for candidate in tuning.candidates:
        best = candidate == tuned.best
        table.add_row(
            *([candidate.engine] if several else []),
            candidate.precision,
            f"{candidate.replicas} × {candidate.threads}",
            f"{candidate.texts_per_second:,.0f}",
            f"{candidate.milliseconds:.1f} ms",
            "" if candidate.score is None else f"{100 * candidate.score:.2f}",
            "" if candidate.drop is None else f"{100 * candidate.drop:.2f}",
            "best" if best else "",
            style="bold" if best else "",
        )
    console.out.print(
        f"{tuning.cpu}: {tuning.texts:,} texts timed, {tuning.examples:,} examples scored,"
        f" a drop of {100 * tuning.max_drop:g} points allowed",
        markup=False,
    )
    console.out.print(table)
    kept = allowed(tuning.candidates, tuning.max_drop)
    if tuned.best.texts_per_second < max(candidate.texts_per_second for candidate in kept):
        console.out.print(
            "best for a server whose requests hold one text, including the cost of Python for each request",
            markup=False,
        )
