"""What the terminal shows: results on stdout, everything else (progress, logs, errors) on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

T = TypeVar("T")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(record: dict[str, Any]) -> None:
    """Print the object that ``--json`` promises on stdout."""
    sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def log(message: str) -> None:
    """Print a line on stderr."""
    err.print(message, markup=False)


def warn(message: str) -> None:
    """Print a warning on stderr."""
    err.print(Text.assemble(("warning: ", "yellow"), message))


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress display on stderr, for work that takes more than two seconds; nothing where stderr is a file."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=err, transient=False, disable=not err.is_terminal) as display:
        yield display


def track(items: Iterable[T], description: str, total: int | None = None) -> Iterator[T]:
    """Iterate with a progress bar."""
    with progress() as display:
        task = display.add_task(description, total=total, note="")
        for item in items:
            yield item
            display.advance(task)
