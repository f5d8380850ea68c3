from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from paddle_ner.errors import InputError, InterruptedRun
from paddle_ner.training import launch, run_folder, worker
from paddle_ner.training.events import Info


@pytest.fixture(autouse=True)
def _held(tmp_path: Path) -> Iterator[None]:
    """The folder as the command that starts the process holds it."""
    with run_folder.locked(tmp_path, 0):
        yield


def told(output: Path) -> dict[str, object]:
    event: dict[str, object] = json.loads((output / "events.jsonl").read_text().splitlines()[-1])
    return event


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (InputError("x.yaml: wrong"), 2, "x.yaml: wrong"),
        (MemoryError("ResourceExhaustedError: Out of memory error on GPU 0."), 2, "lower training.batch_size"),
        (OSError(errno.ENOSPC, "No space left on device"), 2, "free some space"),
    ],
)
def test_what_stops_a_training_is_one_line(
    error: Exception, status: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(worker, "run", fail)
    assert worker.main([str(tmp_path), "gpu"]) == status
    event = told(tmp_path)
    assert event["event"] == "error"
    assert message in str(event["message"])
    assert "\n" not in str(event["message"])
    assert event["memory"] is isinstance(error, MemoryError)


def test_an_interrupted_training_ends_with_130(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise InterruptedRun("stopped")

    monkeypatch.setattr(worker, "run", stop)
    assert worker.main([str(tmp_path), "cpu"]) == 130


def test_a_defect_is_told_as_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("tensor")

    monkeypatch.setattr(worker, "run", fail)
    assert worker.main([str(tmp_path), "cpu"]) == 1
    assert told(tmp_path)["event"] == "crash"


def test_an_event_names_the_start_that_it_is_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(launch.RUN, "f00d")
    monkeypatch.setattr(worker, "run", lambda *_: worker.events_of(tmp_path).write(Info("hello")))
    assert worker.main([str(tmp_path), "cpu"]) == 0
    assert told(tmp_path) == {"event": "info", "run": "f00d", "message": "hello"}


def test_a_process_whose_training_has_ended_does_nothing(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert worker.main([str(other), "cpu"]) == 130
    assert not (other / "events.jsonl").exists()
