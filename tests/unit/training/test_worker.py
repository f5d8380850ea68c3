from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from paddle_ner.errors import InputError, InterruptedRun
from paddle_ner.training import worker


def told(output: Path) -> dict[str, object]:
    return json.loads((output / "events.jsonl").read_text().splitlines()[-1])


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
