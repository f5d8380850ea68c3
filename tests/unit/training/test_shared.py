from __future__ import annotations

from pathlib import Path

import pytest

from paddle_ner.training import shared


def test_a_process_alone_is_the_first_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PADDLE_LOCAL_RANK", raising=False)
    monkeypatch.delenv("PADDLE_LOCAL_SIZE", raising=False)
    assert shared.place() == (0, 1)


def test_the_launcher_says_which_process_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDLE_LOCAL_RANK", "1")
    monkeypatch.setenv("PADDLE_LOCAL_SIZE", "4")
    assert shared.place() == (1, 4)


def test_it_waits_until_the_file_is_there_and_checks_meanwhile(tmp_path: Path) -> None:
    file = tmp_path / "block"
    checks: list[int] = []

    def check() -> None:
        checks.append(len(checks))
        if len(checks) == 2:
            file.touch()

    shared.wait_for(file, check)
    assert checks == [0, 1]


def test_lines_about_the_progress_are_not_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("paddle_ner.training.shared.time.monotonic", lambda: now[0])
    lines: list[str] = []
    progress = shared.Progress(lines.append)
    for seconds in (5.0, 11.0, 15.0, 22.0):
        now[0] = 100.0 + seconds
        progress(f"after {seconds:g}")
    assert lines == ["after 11", "after 22"]
