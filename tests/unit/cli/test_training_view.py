"""What a training shows where stderr is no terminal: lines now and then. Tests `paddle_ner.cli.console` too."""

from __future__ import annotations

import json

import pytest

from paddle_ner.cli import console
from paddle_ner.cli.training_view import TrainingView
from paddle_ner.training.events import Begun, Evaluated, Event, Info, Logged, Updated, Warned


def shown(capsys: pytest.CaptureFixture[str], *events: Event) -> list[str]:
    with console.progress() as display:
        view = TrainingView(display)
        for event in events:
            view(event)
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()


def test_messages_are_lines_and_brackets_in_them_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, Info("[bold]一"), Warned("[red]二")) == ["[bold]一", "warning: [red]二"]


def test_of_many_figures_a_twentieth_part_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [
        event for step in range(1, 101) for event in (Updated(step, step / 50), Logged(step, 1 / step, 1e-3, 80.4))
    ]
    lines = shown(capsys, Begun(0, 100), *steps)
    assert len(lines) == 20 and lines[0] == "update 1 of 100: loss 1.0000, 80 windows a second"


def test_a_score_is_always_shown(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, Begun(0, 2000), Logged(1, 0.5, 1e-3), *[Evaluated(1000, 0.5, "f1", 0.75)] * 2)
    assert lines == ["update 1 of 2,000: loss 0.5000", *["epoch 0.50, update 1,000: dev f1 0.7500"] * 2]


def test_one_object_of_json_is_one_line_on_the_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_json({"text": "好" * 300})
    assert json.loads(capsys.readouterr().out) == {"text": "好" * 300}


def test_what_is_tracked_comes_in_its_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(console.track("abc", "reading")) == ["a", "b", "c"]
    assert capsys.readouterr().out == ""
