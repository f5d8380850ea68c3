from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from paddle_ner import __version__, cli
from paddle_ner.errors import GateError, InputError, InterruptedRun


class Failing:
    """What the command raises."""

    error: BaseException = InputError("dev.jsonl: no such file, name one with --dev")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """A command that raises what a test puts here."""
    box = Failing()

    @click.command("broken")
    def broken() -> None:
        raise box.error

    monkeypatch.setattr(cli.cli, "get_command", lambda context, name: broken if name == "broken" else None)
    return box


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in cli.COMMANDS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


def test_an_unknown_command_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["trian"]) == 2
    assert "No such command 'trian'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InputError("bad"), 2),
        (MemoryError(), 2),
        (GateError("refused"), 1),
        (InterruptedRun("kept"), 130),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_error_has_its_exit_status(failing: Failing, error: BaseException, status: int) -> None:
    failing.error = error
    assert cli.main(["broken"]) == status


def test_an_error_is_one_line(failing: Failing, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["broken"])
    assert capsys.readouterr().err == "error: dev.jsonl: no such file, name one with --dev\n"


@pytest.mark.parametrize("arguments", [["--debug", "broken"], ["broken", "--debug"]])
def test_debug_shows_the_traceback_wherever_it_stands(
    failing: Failing, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    assert "Traceback" in capsys.readouterr().err


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "paddle_ner", "nothing"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_it_ends_well_when_nobody_reads_its_output(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "好", "label": "正"}\n', encoding="utf-8")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "paddle_ner", "data", "stats", "a.jsonl", "--json"]
    done = subprocess.run(command, cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")
