"""How a training is shown: a progress bar on a terminal, lines in a file."""

from __future__ import annotations

from rich.progress import Progress, TaskID

from paddle_ner.cli import console
from paddle_ner.training.events import Begun, Evaluated, Event, Info, Logged, Updated, Warned

_LINES = 20  # about this many lines of progress per training without a terminal


class TrainingView:
    """Shows the events of a training.

    Args:
        display: draws the bar; it is disabled if stderr is not a terminal.
    """

    def __init__(self, display: Progress) -> None:
        self._display = display
        self._bar: TaskID | None = None
        self._loss = self._score = ""
        self._steps = self._next = 0

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, Info):
            console.log(event.message)
        elif isinstance(event, Warned):
            console.warn(event.message)
        elif isinstance(event, Begun):
            self._steps, self._next = event.steps, event.step
            self._bar = self._display.add_task("training", total=event.steps, completed=event.step, note="")
        elif isinstance(event, Logged):
            self._loss = f"loss {event.loss:.4f}"
            self._note()
            if self._display.disable:
                self._line(event)
        elif isinstance(event, Evaluated):
            self._score = f"dev {event.metric} {event.score:.4f}"
            console.log(f"epoch {event.epoch:.2f}, update {event.step:,}: {self._score}")
            self._note()
        elif isinstance(event, Updated) and self._bar is not None:
            self._display.update(self._bar, completed=event.step)

    def _note(self) -> None:
        if self._bar is not None:
            self._display.update(self._bar, note=f"{self._loss}  {self._score}".strip())

    def _line(self, event: Logged) -> None:
        """Print a line of progress now and then."""
        if event.step < self._next:
            return
        self._next = event.step + self._steps // _LINES
        speed = "" if event.windows_per_second is None else f", {event.windows_per_second:.0f} windows a second"
        console.log(f"update {event.step:,} of {self._steps:,}: {self._loss}{speed}")
