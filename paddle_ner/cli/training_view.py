"""What a person sees of a training."""

from __future__ import annotations

from typing import Any

from rich.progress import Progress, TaskID

from paddle_ner.cli import console


class TrainingView:
    """Shows the events of a training on a progress bar."""

    def __init__(self, display: Progress) -> None:
        self._display = display
        self._bar: TaskID | None = None
        self._loss = self._score = ""

    def __call__(self, event: dict[str, Any]) -> None:
        """Show one event."""
        kind = event["event"]
        if kind == "info":
            console.err.print(event["message"], markup=False)
        elif kind == "begin":
            self._bar = self._display.add_task("training", total=event["steps"], completed=event["step"], note="")
        elif kind == "log":
            self._loss = f"loss {event['loss']:.4f}"
            self._note()
        elif kind == "evaluated":
            self._score = f"dev {event['metric']} {event['score']:.4f}"
            console.err.print(f"epoch {event['epoch']:.2f}, update {event['step']}: {self._score}")
            self._note()
        elif kind == "step" and self._bar is not None:
            self._display.update(self._bar, completed=event["step"])

    def _note(self) -> None:
        if self._bar is not None:
            self._display.update(self._bar, note=f"{self._loss}  {self._score}".strip())
