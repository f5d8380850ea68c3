"""A report and the curves of a training in a real browser: both languages, light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.evaluation.diagnosis.diagnose import diagnose
from paddle_ner.evaluation.diagnosis.training import Training
from paddle_ner.evaluation.pages.report import About, write
from paddle_ner.tasks.scoring import EntityScoring
from paddle_ner.training import curves
from paddle_ner.training.events import Begun, Evaluated, EventWriter, Logged
from paddle_ner.types import Entity, Example, Prediction

TEXT = "王小明在北京大学读书，李娜在上海市工作。"
PLACES = ((0, 3, "PER"), (4, 8, "ORG"), (11, 13, "PER"), (14, 17, "LOC"))
FOUND = {
    "right": PLACES,
    "missed": PLACES[:3],
    "borders": ((0, 2, "PER"), *PLACES[1:]),
    "type": (PLACES[0], (4, 8, "LOC"), *PLACES[2:]),
}


def labelled(places: Sequence[tuple[int, int, str]], number: int) -> tuple[Example, Prediction]:
    text = f"{TEXT}第{number}句"
    gold = tuple(Entity.of(text, *place) for place in PLACES)
    return Example(text, gold), Prediction(
        text, tuple(Entity.of(text, start, end, label, 0.7) for start, end, label in places)
    )


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pairs = [labelled(FOUND[list(FOUND)[number % 4]], number) for number in range(80)]
    gold, answers = [list(side) for side in zip(*pairs, strict=True)]
    scoring = EntityScoring(("PER", "LOC", "ORG"))
    diagnosis = diagnose(
        scoring.report(scoring.count(gold, answers), len(gold)),
        gold,
        answers,
        Training.of(gold[:10]),
        [answers[0]] * len(gold),
    )
    folder = tmp_path_factory.mktemp("report")
    write(folder / "report", diagnosis, About("runs/my", "test.jsonl", "train.jsonl", "runs/other", "2026-11-29"))
    return folder / "report" / "index.html"


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    writer = EventWriter(tmp_path, "run")
    for event in (Begun(0, 30), *(Logged(step, 1 / step, 1e-4) for step in range(1, 31)), Evaluated(30, 1, "f1", 0.5)):
        writer.write(event)
    return curves.write(tmp_path)


def opened(visit: Callable[..., Any], page: Path, **options: Any) -> Any:
    return visit(page.as_uri(), ready=False, **options)


def fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_and_log_nothing(
    visit: Callable[..., Any], report: Path, drawn: Path, width: int, scheme: str
) -> None:
    for path in (report, drawn):
        page = opened(visit, path, viewport={"width": width, "height": 800}, color_scheme=scheme)
        assert fits(page) and page.locator("svg.chart").first.is_visible()


def test_one_language_is_shown_at_a_time_and_a_button_changes_it(visit: Callable[..., Any], report: Path) -> None:
    page = opened(visit, report)
    assert page.get_by_role("heading", name="下一步做什么").is_visible()
    assert not page.get_by_role("heading", name="What to do next").is_visible()
    page.get_by_role("button", name="English").click()
    assert page.get_by_role("heading", name="What to do next").is_visible()
    assert page.locator("#search").get_attribute("placeholder") == "search texts"
    assert page.locator("svg text.zh").first.is_hidden()


def test_the_theme_changes(visit: Callable[..., Any], report: Path) -> None:
    page = opened(visit, report, color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.locator("[data-act=theme]").click()
    assert page.evaluate(ground) != dark


def test_examples_are_searched_and_filtered(visit: Callable[..., Any], report: Path) -> None:
    page = opened(visit, report, locale="en-US")
    shown = page.locator(".example:visible")
    assert shown.count() == 30 and page.locator(".shown:visible").inner_text() == "30"
    page.locator("#more").click()
    assert shown.count() == 60 and not page.locator("#more").is_visible()
    page.locator("#kind").select_option("borders")
    assert shown.count() == 20
    page.locator("#label").select_option("ORG")
    assert shown.count() == 0
    page.locator("#kind").select_option("")
    assert shown.count() == 20 and "第3句" in shown.first.inner_text()
    page.locator("#label").select_option("")
    page.locator("#search").fill("第42句")
    assert shown.count() == 1
