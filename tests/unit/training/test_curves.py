from __future__ import annotations

import re
from pathlib import Path

from paddle_ner.training import curves
from paddle_ner.training.events import Begun, Done, Evaluated, Event, EventWriter, Info, Logged, Warned, all_of

RUN = (
    Begun(0, 40),
    Logged(10, 2.0, 1e-4),
    Evaluated(10, 1.0, "f1", 0.5),
    Logged(20, 1.0, 5e-5),
    Evaluated(20, 2.0, "f1", 0.7),
)


def written(folder: Path, *events: Event) -> None:
    writer = EventWriter(folder, "one")
    for event in events:
        writer.write(event)


def test_curves_are_read_from_the_events(tmp_path: Path) -> None:
    written(tmp_path, *RUN)
    with (tmp_path / "events.jsonl").open("a") as file:
        file.write('{"event": "log", "ru')  # cut off
    found = curves.curves_of(all_of(tmp_path))
    assert (found.loss, found.rate) == ([(10, 2.0), (20, 1.0)], [(10, 1e-4), (20, 5e-5)])
    assert (found.score, found.metric, found.steps) == ([(10, 0.5), (20, 0.7)], "f1", 40)


def test_what_is_done_again_after_a_stop_counts_as_it_was_done_last() -> None:
    again = (Begun(10, 40), Logged(20, 0.9, 5e-5), Evaluated(20, 2.0, "f1", 0.6))
    found = curves.curves_of([*RUN, *again])
    assert found.loss == [(10, 2.0), (20, 0.9)] and found.score == [(10, 0.5), (20, 0.6)]


def test_the_page_asks_for_nothing_and_says_what_is_best(tmp_path: Path) -> None:
    written(tmp_path, *RUN, Evaluated(30, 3.0, "f1", 0.6))
    page = curves.write(tmp_path).read_text(encoding="utf-8")
    assert page.count("<svg") == 3 and "<b>70.00%</b>" in page and "best dev F1, update 20" in page
    assert "The best evaluation is not the last one" in page and not re.search(
        r"https?:(?!//www.w3.org)|src=|@import", page
    )
    written(tmp_path, Evaluated(40, 4.0, "f1", 0.8))
    assert "The last evaluation is the best" in curves.write(tmp_path).read_text(encoding="utf-8")


def test_a_run_without_figures_has_a_page_too(tmp_path: Path) -> None:
    written(tmp_path, Info("loading"))
    assert curves.write(tmp_path).exists()


def test_the_page_comes_with_each_evaluation_and_events_are_handed_on(tmp_path: Path) -> None:
    seen: list[Event] = []
    drawn = curves.Drawn(tmp_path, seen.append)
    written(tmp_path, *RUN)
    for event in RUN[:2]:
        drawn(event)
    assert not (tmp_path / "curves.html").exists()
    drawn(RUN[2])
    assert (tmp_path / "curves.html").exists() and seen == list(RUN[:3])


def test_a_page_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    written(tmp_path, *RUN)
    (tmp_path / "curves.html").mkdir()
    seen: list[Event] = []
    curves.Drawn(tmp_path, seen.append)(Done(20, "f1", 0.7))
    assert isinstance(seen[1], Warned) and seen[1].message.startswith("the curves are not drawn: ")


def test_a_log_likelihood_is_no_percentage() -> None:
    scores = [Evaluated(step, 1.0, "log-likelihood", value) for step, value in ((10, -5.5), (20, -2.25))]
    page = curves.html(curves.curves_of([Begun(0, 20), *scores]), "run")
    assert "<b>-2.2500</b>" in page and "best dev log-likelihood, update 20" in page
    assert "%" not in re.sub(r"<style>.*?</style>|=\"[^\"]*\"", "", page, flags=re.S)
