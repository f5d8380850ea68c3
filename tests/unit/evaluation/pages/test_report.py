"""A diagnosis as a folder: the page, its pictures and its figures.

Tests `paddle_ner.drawing.cards`, `paddle_ner.drawing.page`, `paddle_ner.evaluation.pages.comparison`,
`paddle_ner.evaluation.pages.examples` and `paddle_ner.evaluation.pages.sections` too.
"""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from paddle_ner.drawing.pictures import has_png
from paddle_ner.errors import InputError
from paddle_ner.evaluation.diagnosis.diagnose import Diagnosis, diagnose
from paddle_ner.evaluation.diagnosis.training import Training
from paddle_ner.evaluation.pages import examples
from paddle_ner.evaluation.pages.report import About, html, write
from paddle_ner.tasks.scoring import ClassScoring, EntityScoring, MultiLabelScoring
from paddle_ner.types import Entity, Example, Prediction

ABOUT = About("runs/my", "test.jsonl", "train.jsonl", "", "2026-11-29")
TEXT = "王小明在<北京>大学"
GOLD = Example(TEXT, (Entity.of(TEXT, 0, 3, "PER"), Entity.of(TEXT, 4, 10, "ORG")), origin="test.jsonl:1")
WRONG = Prediction(TEXT, (Entity.of(TEXT, 0, 3, "PER", 0.9), Entity.of(TEXT, 5, 7, "LOC", 0.6)))
RIGHT = Prediction(TEXT, (Entity.of(TEXT, 0, 3, "PER", 0.9), Entity.of(TEXT, 4, 10, "ORG", 0.8)))


def entities(gold: list[Example], answers: list[Prediction], **more: Any) -> Diagnosis:
    scoring = EntityScoring(("PER", "LOC", "ORG"))
    return diagnose(scoring.report(scoring.count(gold, answers), len(gold)), gold, answers, **more)


class Balanced(HTMLParser):
    """Fails where elements are not closed in their order."""

    VOID = ("meta", "input", "link", "br")

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.feed(source)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [str(value) for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_folder_holds_a_page_its_charts_and_its_figures(tmp_path: Path) -> None:
    diagnosis = entities([GOLD] * 30, [WRONG] * 30, training=Training.of([GOLD]))
    names = write(tmp_path / "report", diagnosis, ABOUT)
    charts = ("scores", "errors", "confusion", "thresholds", "calibration", "lengths", "seen", "times")
    kinds = ("svg", "png") if has_png() else ("svg",)
    assert sorted(names) == sorted(
        ["index.html", "report.json", *(f"{name}.{kind}" for name in charts for kind in kinds)]
    )
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == sorted(names)
    figures = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert (figures["model"], figures["value"], figures["seen"][0]["name"]) == ("runs/my", 0.5, "seen")


def test_an_older_report_is_replaced_and_anything_else_is_not(tmp_path: Path) -> None:
    diagnosis = entities([GOLD], [RIGHT])
    write(tmp_path / "report", diagnosis, ABOUT)
    (tmp_path / "report" / "old.svg").touch()
    write(tmp_path / "report", diagnosis, ABOUT)
    assert not (tmp_path / "report" / "old.svg").exists()
    (tmp_path / "report" / "mine.txt").touch()
    with pytest.raises(InputError, match="holds something else than a report"):
        write(tmp_path / "report", diagnosis, ABOUT)


def test_the_page_is_whole_and_loads_nothing() -> None:
    page = html(entities([GOLD] * 30, [WRONG] * 30, other=[RIGHT] * 30), About("a", "b", "", "c<d", "x"), {})
    assert Balanced(page).addresses == [] and not re.search(r"url\(|@import|https?:", page)
    assert "default-src 'none'" in page and "c&lt;d is better than a by 50.00 points" in page


def test_an_example_shows_what_is_right_beside_what_is_said() -> None:
    page = html(entities([GOLD], [WRONG]), ABOUT, {})
    (shown,) = re.findall(r'<article class="example".*?</article>', page, flags=re.S)
    assert 'data-kinds="both"' in shown and "test.jsonl:1" in shown
    gold, predicted = re.findall(r'<p class="text">(.*?)</p>', shown)
    assert re.findall(r'<mark (?:class="(\w+)" )?style="--hue:\d+"[^>]*>(.*?)<small>', gold) == [
        ("", "王小明"),
        ("lost", "&lt;北京&gt;大学"),
    ]
    assert re.findall(r'<mark (?:class="(\w+)" )?style="--hue:\d+" title="([\d.]+)">(.*?)<small>', predicted) == [
        ("", "0.90", "王小明"),
        ("wrong", "0.60", "北京"),
    ]


def test_where_all_is_right_no_example_is_shown() -> None:
    page = html(entities([GOLD] * 3, [RIGHT] * 3), ABOUT, {})
    assert "Everything is right." in page and "Kinds of errors" not in page and '<article class="example"' not in page


def test_only_the_worst_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "SHOWN", 4)
    page = html(entities([GOLD] * 9, [WRONG] * 9), ABOUT, {})
    assert page.count('<article class="example"') == 4 and '<b class="shown">4</b> shown of 9 with errors' in page


def test_the_whole_texts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "_CHARACTERS", 2 * len(TEXT))
    assert html(entities([GOLD] * 9, [WRONG] * 9), ABOUT, {}).count('<article class="example"') == 2


def test_classes_have_a_matrix_and_no_kinds_of_errors() -> None:
    scoring = ClassScoring(("a", "b"))
    gold = [Example("好", label="a"), Example("书", label="b", id=7)]
    answers = [Prediction(one.text, label="a", scores={"a": 0.8, "b": 0.2}) for one in gold]
    charts: dict[str, str] = {}
    page = html(diagnose(scoring.report(scoring.count(gold, answers), 2), gold, answers), ABOUT, charts)
    Balanced(page)
    assert list(charts) == ["scores", "confusion", "calibration", "lengths"] and "Kinds of errors" not in page
    assert "<b>50.0%</b>" in page and "<span>7</span>" in page
    assert "An entity is right" not in page and "An entity is right" in html(entities([GOLD], [RIGHT]), ABOUT, {})


def test_many_classes_are_told_by_their_confusions() -> None:
    labels = tuple(f"label {number}" for number in range(30))
    scoring = ClassScoring(labels)
    gold = [Example("好", label=label) for label in labels]
    answers = [Prediction("好", label="label 0", scores={"label 0": 0.8}) for _ in gold]
    charts: dict[str, str] = {}
    page = html(diagnose(scoring.report(scoring.count(gold, answers), 30), gold, answers), ABOUT, charts)
    assert "confusion" not in charts and "<td>label 1</td><td>label 0</td>" in page


def test_several_classes_are_reported() -> None:
    scoring = MultiLabelScoring(("a", "b"))
    gold = [Example("好", labels=("a",)), Example("书", labels=())]
    answers = [
        Prediction("好", labels=(), scores={"a": 0.4, "b": 0.1}),
        Prediction("书", labels=("b",), scores={"b": 0.9}),
    ]
    page = html(diagnose(scoring.report(scoring.count(gold, answers), 2), gold, answers), ABOUT, {})
    Balanced(page)
    assert page.count('<article class="example"') == 2 and "∅" in page
