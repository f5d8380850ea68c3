from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.page_steps import analyse

Visit = Callable[..., Any]
TEXT = "王小明在北京大学会见了古特雷斯，然后去了深圳。"


def accessible(page: Any) -> list[tuple[str, str]]:
    """Role and name of all that the browser tells a screen reader."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    return [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node.get("ignored") and "role" in node
    ]


CONTROLS = {"button", "textbox", "combobox", "checkbox", "radio", "link", "option", "dialog", "progressbar"}


def nameless(page: Any) -> list[str]:
    return [role for role, name in accessible(page) if role in CONTROLS and not name.strip()]


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_every_control_has_a_name(visit: Visit, locale: str) -> None:
    page = visit(locale=locale)
    analyse(page, TEXT)
    page.set_input_files("#file", {"name": "a.csv", "mimeType": "", "buffer": b"text,label\nabc,x\nabc\n"})
    page.wait_for_selector("#file-faults:visible")
    page.click("#file-start")
    page.wait_for_selector("#file-download:visible")
    page.click("mark >> nth=0")
    assert nameless(page) == []
    page.keyboard.press("2")
    page.wait_for_selector("#corrections:visible")
    assert nameless(page) == []
    page.select_option("#model", "topics")
    page.wait_for_selector(".classes")
    assert nameless(page) == []


def test_an_entity_is_a_button_that_says_text_label_and_score(visit: Visit) -> None:
    page = visit()
    analyse(page, TEXT)
    found = accessible(page)
    assert ("button", "王小明, PER, 99.9%") in found
    assert ("group", "标注了实体的文本") in found


def test_headings_and_regions_tell_the_parts_of_the_page(visit: Visit) -> None:
    page = visit()
    analyse(page, TEXT)
    page.click('[data-does="keep"]')
    found = accessible(page)
    assert {("heading", "结果"), ("heading", "修正"), ("region", "结果"), ("region", "修正")} <= set(found)
    assert ("main", "") in found and ("banner", "") in found and ("contentinfo", "") in found


def test_the_tab_key_goes_through_the_page_in_reading_order(visit: Visit) -> None:
    page = visit()
    analyse(page, TEXT)
    page.click("h1")
    order = []
    for _ in range(24):
        page.keyboard.press("Tab")
        order.append(
            page.evaluate(
                "(({ id, className, dataset, tagName }) => id || dataset.does || dataset.label || className || tagName)"
                "(document.activeElement)"
            )
        )
    wanted = ["language", "theme", "model", "text", "chip", "choose-file", "go", "PER", "ORG", "LOC", "text", "keep"]
    places: list[int] = []
    for name in wanted:
        places.append(order.index(name, places[-1] + 1 if places else 0))
    assert places == sorted(places), order
    assert "MARK" not in order and "short" not in order  # a long text is one stop, not hundreds


def test_a_dialog_keeps_the_focus_and_gives_it_back(visit: Visit) -> None:
    page = visit()
    analyse(page, TEXT)
    page.focus(".text")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('#picker')")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.index") == "0"


# The colours that are on the screen, as red, green, blue in 0..1, and the contrast of WCAG 2.1.
CONTRAST = """elements => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgb = (color, under) => {
        canvas.globalAlpha = 1;
        canvas.fillStyle = under ?? '#000';
        canvas.fillRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const css = ([r, g, b]) => `rgb(${r}, ${g}, ${b})`;
    const ground = element => {
        const color = getComputedStyle(element).backgroundColor;
        const under = element.parentElement ? ground(element.parentElement) : 'rgb(255, 255, 255)';
        return css(rgb(color, under));
    };
    const luminance = color => {
        const linear = c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        const [r, g, b] = rgb(color).map(c => linear(c / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const isOpaque = one => !one || (getComputedStyle(one).opacity === '1' && isOpaque(one.parentElement));
    return elements.map(element => {
        const under = ground(element);
        const [one, other] = [luminance(css(rgb(getComputedStyle(element).color, under))), luminance(under)];
        const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        return [element.outerHTML.slice(0, 60), isOpaque(element) ? contrast : 0];
    });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_marks_in_every_hue_have_a_contrast_of_at_least_4_5(visit: Visit, scheme: str) -> None:
    page = visit(color_scheme=scheme, reduced_motion="reduce")
    analyse(page, TEXT)
    hues = page.evaluate(
        "import('/page/highlight.js').then(({ hue }) => Array.from({ length: 40 }, (_, index) => hue(index)))"
    )
    assert len(set(hues)) == 40
    page.evaluate(
        """hues => {
            const mark = document.querySelector('mark'), button = document.querySelector('.legend button');
            for (const one of hues) {
                for (const element of [mark, button]) {
                    const copy = element.cloneNode(true);
                    copy.style.setProperty('--hue', one);
                    element.parentElement.append(copy);
                }
            }
        }""",
        hues,
    )
    measured = page.locator(".text mark, .text .tag, .text .tag span, .legend button").evaluate_all(CONTRAST)
    assert len(measured) > 160
    assert min(contrast for _, contrast in measured) >= 4.5, sorted(measured, key=lambda one: one[1])[:3]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_other_text_has_a_contrast_of_at_least_4_5(visit: Visit, scheme: str) -> None:
    page = visit(color_scheme=scheme, reduced_motion="reduce")
    page.set_input_files("#file", {"name": "a.csv", "mimeType": "", "buffer": b"text,label\nabc,x\nabc\n"})
    page.wait_for_selector("#file-faults:visible")
    analyse(page, TEXT)
    page.click('[data-does="keep"]')
    seen = ":is(p, span, b, label, a, button, h1, h2, summary, li, strong):not(:disabled, .hidden, .drop):visible"
    measured = page.locator(seen).evaluate_all(CONTRAST)
    assert len(measured) > 30
    assert min(contrast for _, contrast in measured) >= 4.5, sorted(measured, key=lambda one: one[1])[:3]


def test_nothing_moves_for_those_who_asked_for_that(visit: Visit) -> None:
    page = visit(reduced_motion="reduce")
    analyse(page, TEXT)
    page.focus(".text")
    assert page.locator(".caret").evaluate("caret => getComputedStyle(caret).animationName") == "none"
