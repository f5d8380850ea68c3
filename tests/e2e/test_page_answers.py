from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

import paddle_ner
from paddle_ner.features.windows import Encoded
from paddle_ner.serving.model import load_model
from paddle_ner.serving.problems import KINDS
from paddle_ner.tasks.terms import Terms
from paddle_ner.types import Entity, Prediction
from tests.e2e.page_fakes import POISON, NamesModel
from tests.e2e.page_steps import analyse, marks, said, shown_text

Visit = Callable[..., Any]
TEXT = "😀王小明在北京大学会见了𠮷野家光。"


def test_entities_are_highlighted_where_they_stand_counted_in_code_points(visit: Visit) -> None:
    page = visit()
    analyse(page, TEXT)
    assert marks(page) == [("王小明", "PER", "99.9%"), ("北京大学", "ORG", "99.9%"), ("𠮷野家光", "PER", "99.9%")]
    assert shown_text(page) == TEXT
    titles = page.evaluate("[...document.querySelectorAll('.text mark')].map(mark => mark.title)")
    assert [title.split(" · ")[0] for title in titles] == ["PER 1–4", "ORG 5–9", "PER 12–16"]
    said(page, "3 个实体")


def test_an_entity_of_the_terms_says_so_in_both_languages(visit: Visit, serve: Callable[..., Any]) -> None:
    class Model(NamesModel):
        def answer(self, encoded: Encoded) -> Prediction:
            return Terms({"手机": "ORG"}).merge(super().answer(encoded))

    page = visit(serve(lambda path, settings: [Model()], models={"names": "."}).url)
    analyse(page, "李娜买手机")
    assert marks(page) == [("李娜", "PER", "99.9%"), ("手机", "ORG", "词典")]
    mark = page.locator(".text mark").nth(1)
    assert (mark.get_attribute("title"), mark.get_attribute("aria-label")) == ("ORG 3–5 · 词典", "手机, ORG, 词典")
    page.click("#language")
    assert marks(page)[1] == ("手机", "ORG", "dictionary")


def test_each_label_has_its_colour_and_can_be_hidden(visit: Visit) -> None:
    page = visit()
    analyse(page, TEXT)
    legend = page.locator(".legend button")
    hues = dict(legend.evaluate_all("all => all.map(one => [one.dataset.label, one.style.getPropertyValue('--hue')])"))
    assert set(hues) == {"PER", "ORG"}
    assert len(set(hues.values())) == 2
    page.click('.legend button[data-label="PER"]')
    assert page.get_attribute('.legend button[data-label="PER"]', "aria-pressed") == "false"
    assert page.locator("mark .tag:visible").all_inner_texts() == ["\u2060ORG99.9%"]
    assert shown_text(page) == TEXT


class NestedModel(NamesModel):
    """A model whose entities nest and cross, as no flat one's do."""

    def answer(self, encoded: Encoded) -> Prediction:
        text = encoded.text
        return Prediction(
            text,
            entities=tuple(
                Entity.of(text, start, end, label, 0.9)
                for start, end, label in ((0, 7, "ORG"), (0, 2, "LOC"), (2, 4, "TIME"), (5, 9, "PER"))
            ),
        )


def test_nested_and_crossing_entities_are_drawn_inside_one_another(visit: Visit, serve: Callable[..., Any]) -> None:
    server = serve(lambda path, settings: [NestedModel()], models={"nested": "."})
    page = visit(server.url)
    text = "北京大学医学院附属医院"
    analyse(page, text)
    assert shown_text(page) == text
    drawn = page.evaluate(
        """[...document.querySelectorAll('.text mark')].map(mark => [
            mark.dataset.index, [...mark.querySelectorAll('.tag')].length, mark.parentElement.dataset.index ?? null])"""
    )
    # The last begins in the first and ends after it: a piece inside, without a label, and a piece behind.
    assert drawn == [["0", 3, None], ["1", 1, "0"], ["2", 1, "0"], ["3", 0, "0"], ["3", 1, None]]
    outer, inner = (page.locator(f'mark[data-index="{index}"]').first.bounding_box() for index in (0, 1))
    assert outer["y"] <= inner["y"] and inner["y"] + inner["height"] <= outer["y"] + outer["height"]


def test_a_long_document_with_many_entities_is_drawn_whole_and_answers_the_keyboard(visit: Visit) -> None:
    page = visit()
    text = ("王小明昨天在北京大学会见了联合国秘书长古特雷斯，然后去了深圳。\n" * 700)[:20_000]
    analyse(page, text)
    assert len(marks(page)) > 2500
    assert shown_text(page) == text
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.focus(".text")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Delete")
    said(page, "已删除 PER「王小明」")
    assert shown_text(page) == text


def test_marks_never_lie_over_the_lines_above_and_below(visit: Visit, serve: Callable[..., Any]) -> None:
    class DeepModel(NamesModel):
        def answer(self, encoded: Encoded) -> Prediction:
            length = len(encoded.text)
            spans = [(base, base + 12 - 2 * depth) for base in range(0, length - 11, 12) for depth in range(4)]
            return Prediction(
                encoded.text, entities=tuple(Entity.of(encoded.text, *span, "ORG", 0.9) for span in spans)
            )

    page = visit(serve(lambda path, settings: [DeepModel()], models={"deep": "."}).url)
    analyse(page, "中华人民共和国最高人民法院" * 15)
    boxes = page.evaluate(
        """[...document.querySelectorAll('.text > mark')].flatMap(
            mark => [...mark.getClientRects()].map(rect => [rect.top, rect.bottom]))"""
    )
    lines = sorted({(round(top), round(bottom)) for top, bottom in boxes})
    assert len(lines) > 2
    assert all(bottom <= top for (_, bottom), (top, _) in pairwise(lines)), lines


def test_classes_are_bars_most_probable_first(visit: Visit) -> None:
    page = visit()
    page.select_option("#model", "topics")
    analyse(page, "央行下调金率")
    names = page.locator(".classes .name").all_inner_texts()
    bars = page.locator(".classes .bar span")
    widths = bars.evaluate_all("all => all.map(one => one.getBoundingClientRect().width)")
    assert names[0] == "财经"
    assert len(names) == 4
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 2 * widths[1]
    assert page.locator(".classes input:checked").evaluate_all("inputs => inputs.map(one => one.value)") == ["财经"]


def test_several_classes_are_ticked_at_once(visit: Visit) -> None:
    page = visit()
    page.select_option("#model", "tags")
    analyse(page, "国足胜利，央行金率")
    ticked = page.locator('.classes input[type="checkbox"]:checked').evaluate_all("all => all.map(one => one.value)")
    assert sorted(ticked) == ["体育", "财经"]
    analyse(page, "没有什么")
    assert "没有类别达到阈值" in page.inner_text("#beneath")


def test_an_example_is_asked_with_one_click(visit: Visit) -> None:
    page = visit()
    page.click("#examples button >> nth=2")
    page.wait_for_selector("mark")
    assert page.input_value("#text") == shown_text(page)


def test_text_of_the_user_is_never_taken_for_markup(visit: Visit) -> None:
    page = visit()
    text = '<img src=x onerror="document.title=1">王小明<script>document.title=2</script> &lt;'
    analyse(page, text)
    assert shown_text(page) == text
    assert page.title() == "paddle-ner"


def test_a_text_over_the_limit_cannot_be_sent_and_says_why(visit: Visit, serve: Callable[..., Any]) -> None:
    page = visit(serve(max_characters=10).url)
    page.fill("#text", "王小明" * 4)
    page.wait_for_selector("#count.over")
    assert "12" in page.inner_text("#count") and "10" in page.inner_text("#count")
    assert page.is_disabled("#go")
    page.fill("#text", "😀" * 10)
    assert page.is_enabled("#go")


def test_a_problem_is_one_line_in_the_users_language_with_the_servers_words_beneath(visit: Visit) -> None:
    page = visit()
    analyse(page, f"坏{POISON}")
    assert page.inner_text(".problem b") == "模型无法处理这段文本，原因见服务日志"
    assert "the log has the reason" in page.inner_text(".problem p")
    page.click("#language")
    assert page.inner_text(".problem b") == "The text made the model fail; the server's log has the reason"


def test_the_wait_that_a_busy_server_names_is_told(visit: Visit) -> None:
    page = visit()
    problem = {"type": "/docs#queue-full", "title": "Queue full", "status": 429, "detail": "full"}
    page.route(
        "**/predict",
        lambda route: route.fulfill(
            status=429, headers={"Retry-After": "7"}, content_type="application/problem+json", body=json.dumps(problem)
        ),
    )
    analyse(page, "王小明")
    assert page.inner_text(".problem b") == "服务繁忙，请稍后再试 · 7 秒后再试"


def test_every_problem_of_the_server_has_its_line_in_both_languages(visit: Visit) -> None:
    page = visit()
    known = page.evaluate(
        """import('/page/words.js').then(({ WORDS }) =>
            Object.values(WORDS).map(words => Object.keys(words.problems)))"""
    )
    for slugs in known:
        assert {kind.slug for kind in KINDS} <= set(slugs)


def test_both_languages_say_the_same_things(visit: Visit) -> None:
    page = visit()
    chinese, english = page.evaluate(
        """import('/page/words.js').then(({ WORDS }) => {
            const keys = value => typeof value === 'object'
                ? Object.entries(value).flatMap(([key, inner]) => keys(inner).map(rest => key + '.' + rest))
                : [typeof value];
            return [keys(WORDS.zh), keys(WORDS.en)];
        })"""
    )
    assert sorted(chinese) == sorted(english)


def test_a_server_that_went_away_is_said_to_be(visit: Visit) -> None:
    page = visit()
    page.route("**/predict", lambda route: route.abort())
    page.fill("#text", "王小明")
    page.click("#go")
    page.wait_for_selector(".problem")
    assert page.inner_text(".problem b") == "无法连接服务：请检查服务是否在运行"


def test_the_language_is_the_browsers_and_stays_as_chosen(visit: Visit) -> None:
    page = visit(locale="en-US")
    assert page.inner_text("#go span") == "Analyse"
    assert page.get_attribute("html", "lang") == "en"
    page.click("#language")
    page.reload()
    page.wait_for_selector("#examples li")
    assert page.inner_text("#go span") == "分析"
    assert page.get_attribute("html", "lang") == "zh-CN"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_follow_the_system_until_the_user_chooses(visit: Visit, scheme: str) -> None:
    page = visit(color_scheme=scheme)
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    assert (before == "rgb(246, 247, 249)") == (scheme == "light")
    page.click("#theme")
    chosen = page.evaluate(ground)
    assert chosen != before
    page.reload()
    page.wait_for_selector("#examples li")
    assert page.evaluate(ground) == chosen


@pytest.mark.parametrize("width", [320, 390, 1400])
def test_nothing_is_wider_than_the_window(visit: Visit, width: int) -> None:
    page = visit(viewport={"width": width, "height": 700}, locale="en-US")
    analyse(page, "王小明" * 40 + "x" * 300 + "北京大学")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_model_that_loads_is_waited_for(visit: Visit, serve: Callable[..., Any]) -> None:
    server = serve(models={"names": "names"})
    states = iter(["loading", "rebuilding"])
    name = {"name": "names", "task": "ner", "labels": ["PER"]}

    def answer(route: Any) -> None:
        state = next(states, "ready")
        route.fulfill(json={"default": "names", "models": [{**name, "state": state}]})

    page = visit(server.url, ready=False, before=lambda page: page.route("**/models", answer))
    page.wait_for_selector("text=模型加载中")
    page.wait_for_selector("text=模型正在恢复")
    page.wait_for_selector("text=点选示例")


def test_the_pages_files_come_with_types_policy_and_a_tag(visit: Visit, server: Any) -> None:
    with httpx.Client(base_url=server.url) as client:
        for path, media_type in (
            ("/", "text/html"),
            ("/page/main.js", "text/javascript"),
            ("/page/page.css", "text/css"),
        ):
            answer = client.get(path)
            assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
            policy = answer.headers["content-security-policy"]
            assert "script-src 'self'" in policy and "style-src 'self'" in policy and "unsafe" not in policy
            again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
        assert client.get("/page/missing.js").status_code == 404
        assert client.get("/page/..%2fapp.py").status_code == 404


def test_the_documentation_lists_the_routes(visit: Visit, server: Any) -> None:
    page = visit(server.url + "/docs", ready=False)
    page.wait_for_selector("details code:text-is('/predict')")


def test_a_model_trained_for_real_is_shown_as_it_answers(
    visit: Visit, serve: Callable[..., Any], trained: Path
) -> None:
    text = "王小明昨天去了上海市。😀在杭州西湖工作的李娜回来了"
    expected = paddle_ner.load(trained)(text).entities
    page = visit(serve(load_model, models={"small": trained}).url)
    analyse(page, text)
    assert [(entity.text, entity.label) for entity in expected or ()] == [mark[:2] for mark in marks(page)]
    assert expected
