"""The least score at the page: weaker entities are not shown, and not in files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from paddle_ner.features.windows import Encoded
from paddle_ner.types import Entity, Prediction
from tests.e2e.page_fakes import NamesModel
from tests.e2e.page_steps import analyse, download, marks, records, said

Visit = Callable[..., Any]
TEXT = "王小明在北京大学，李娜在深圳"  # a place has 0.914, the others 0.9987
ALL = [("王小明", "PER"), ("北京大学", "ORG"), ("李娜", "PER"), ("深圳", "LOC")]


def shown(page: Any) -> list[tuple[str, ...]]:
    return [mark[:2] for mark in marks(page)]


def press(page: Any, *keys: str) -> None:
    """Presses keys on the slider, each of which asks anew; waits for the answers."""
    page.focus("#min-score")
    for key in keys:
        with page.expect_response(lambda response: response.url.endswith("/predict")):
            page.keyboard.press(key)
        page.wait_for_selector('#answer[aria-busy="false"]')


def test_the_keyboard_hides_entities_below_the_score_and_brings_them_back(visit: Visit) -> None:
    page = visit()
    analyse(page, TEXT)
    assert (page.inner_text("#min-score-value"), shown(page)) == ("0%", ALL)
    press(page, "End", "ArrowLeft", "ArrowLeft")
    assert page.inner_text("#min-score-value") == page.get_attribute("#min-score", "aria-valuetext") == "98%"
    assert shown(page) == ALL[:3]
    said(page, "3 个实体")
    assert page.evaluate("document.activeElement.id") == "min-score"
    press(page, "Home")
    assert shown(page) == ALL


def test_before_a_text_is_there_the_slider_asks_nothing(visit: Visit) -> None:
    page = visit()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.fill("#min-score", "0.95")
    analyse(page, TEXT)
    assert [url for url in asked if url.endswith("/predict")] == [page.url + "models/names/predict"]
    assert shown(page) == ALL[:3]


def test_an_inner_entity_is_hidden_and_the_outer_one_stays(visit: Visit, serve: Callable[..., Any]) -> None:
    class Model(NamesModel):
        def answer(self, encoded: Encoded) -> Prediction:
            text = encoded.text
            places = ((0, 4, "ORG", 0.9), (0, 2, "LOC", 0.4), (2, 6, "ORG", 0.7))
            return Prediction(text, entities=tuple(Entity.of(text, *place) for place in places))

    page = visit(serve(lambda path, settings: [Model(overlapping=True)], models={"nested": "."}).url)
    analyse(page, "北京大学医院")
    drawn = page.locator(".text mark")
    titles = ["ORG 0–4 · 90%", "LOC 0–2 · 40%", "ORG 2–6 · 70%", "ORG 2–6 · 70%"]  # the last crosses the first's end
    assert drawn.evaluate_all("all => all.map(mark => mark.title)") == titles
    press(page, *["PageUp"] * 5)
    assert drawn.evaluate_all("all => all.map(mark => mark.title)") == [titles[0], *titles[2:]]
    press(page, *["PageUp"] * 3)
    assert drawn.evaluate_all("all => all.map(mark => mark.title)") == titles[:1]


def test_models_of_classes_have_none(visit: Visit) -> None:
    page = visit()
    assert page.is_visible("#min-score")
    page.fill("#min-score", "0.95")
    page.select_option("#model", "topics")
    assert page.is_hidden("#min-score")
    analyse(page, "央行下调金率")
    assert page.locator(".classes .name").count() == 4


def test_the_servers_own_score_is_shown_until_another_is_chosen(visit: Visit, serve: Callable[..., Any]) -> None:
    page = visit(serve(models={"names": "names"}, min_score="0.3,LOC=0.95").url)
    assert (page.inner_text("#min-score-value"), page.input_value("#min-score")) == ("30% · LOC 95%", "0.3")
    analyse(page, TEXT)
    assert shown(page) == ALL[:3]
    press(page, "ArrowRight")
    assert (page.inner_text("#min-score-value"), shown(page)) == ("31%", ALL)


def test_a_file_is_labelled_with_the_score_and_again_with_another(visit: Visit, tmp_path: Path) -> None:
    page = visit()
    page.fill("#min-score", "0.95")
    page.set_input_files("#file", {"name": "a.txt", "mimeType": "", "buffer": f"{TEXT}\n".encode()})
    for score, expected in (("0.95", 3), ("0.5", 4)):
        page.fill("#min-score", score)
        page.click("#file-start")
        page.wait_for_selector("#file-download:visible")
        (record,) = records(download(page, "#file-download", tmp_path))
        assert len(record["entities"]) == expected
