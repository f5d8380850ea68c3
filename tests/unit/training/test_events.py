"""What a training says comes back as it was said: whole lines of this start of the run alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_ner.training.events import (
    FILE,
    Begun,
    Crashed,
    Done,
    Evaluated,
    Event,
    EventReader,
    EventWriter,
    Failed,
    Info,
    Interrupted,
    Logged,
    Updated,
    Warned,
    WorkerStarted,
    file_of,
    from_dict,
)

EVENTS = [
    WorkerStarted(7),
    Info("一"),
    Warned("二"),
    Begun(0, 9),
    Updated(1, 0.5),
    Logged(1, 0.25, 1e-3),
    Logged(1, 0.25, 1e-3, 80.0),
    Evaluated(1, 0.5, "f1", 0.75),
    Done(9, "f1", 0.75, (1, 2)),
    Interrupted(4),
    Failed("三"),
    Crashed("四"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_an_event_comes_back_from_its_record(event: Event) -> None:
    assert from_dict(event.to_dict()) == event


def test_an_event_that_is_unknown_or_not_whole_is_refused() -> None:
    with pytest.raises(ValueError, match="no such event"):
        from_dict({"event": "dinner"})
    with pytest.raises(ValueError, match="not a whole event"):
        from_dict({"event": "begin", "step": 1})


def test_events_of_another_start_are_left_out(tmp_path: Path) -> None:
    reader = EventReader(tmp_path, "new")
    assert list(reader.read()) == []
    old, new = EventWriter(tmp_path, "old"), EventWriter(tmp_path, "new")
    for event in EVENTS:
        old.write(Info("old"))
        new.write(event)
    assert list(reader.read()) == EVENTS
    assert list(reader.read()) == []


def test_what_an_earlier_start_wrote_is_passed_over(tmp_path: Path) -> None:
    EventWriter(tmp_path, "same").write(Info("before"))
    reader = EventReader(tmp_path, "same")
    EventWriter(tmp_path, "same").write(Info("after"))
    assert list(reader.read()) == [Info("after")]


def test_half_a_line_waits_and_a_damaged_one_is_passed_over(tmp_path: Path) -> None:
    reader, line = EventReader(tmp_path, "r"), '{"event": "info", "run": "r", "message": "好"}\n'
    with (tmp_path / FILE).open("a", encoding="utf-8") as file:
        file.write('{"event": "in\n' + line + line[:20])
        file.flush()
        assert list(reader.read()) == [Info("好")]
        file.write(line[20:])
        file.flush()
        assert list(reader.read()) == [Info("好")]


def test_each_machine_has_a_file_of_its_own() -> None:
    assert [file_of(rank) for rank in (0, 1, 2)] == ["events.jsonl", "events-1.jsonl", "events-2.jsonl"]
