from __future__ import annotations

import pytest

from paddle_ner.drawing.marks import HUES, Palette, marked, safe
from paddle_ner.types import Entity


def drawn(text: str, *spans: tuple[int, int, str]) -> str:
    entities = [Entity.of(text, *span) for span in spans]
    return marked(text, entities, lambda one: one.label, lambda one: f"|{one.label}")


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], "北京大学生"),
        ([(0, 2, "a")], "<mark a>北京|a</mark>大学生"),
        ([(3, 4, "b"), (0, 4, "a")], "<mark a>北京大<mark b>学|b</mark>|a</mark>生"),
        ([(0, 3, "a"), (2, 4, "b")], "<mark a>北京<mark b>大</mark>|a</mark><mark b>学|b</mark>生"),
        ([(0, 2, "a"), (0, 2, "b")], "<mark a><mark b>北京|b</mark>|a</mark>大学生"),
        (
            [(0, 3, "a"), (1, 4, "b"), (2, 5, "c")],
            "<mark a>北<mark b>京<mark c>大</mark></mark>|a</mark><mark c><mark b>学|b</mark>生|c</mark>",
        ),
    ],
)
def test_marks_nest_and_those_that_cross_are_cut(spans: list[tuple[int, int, str]], expected: str) -> None:
    assert drawn("北京大学生", *spans) == expected


def test_what_html_cannot_hold_is_pictured() -> None:
    assert safe('<a b="c">&\x00\x7f\ud800\n') == "&lt;a b=&quot;c&quot;&gt;&amp;␀␡\ufffd\n"


def test_colours_go_in_the_order_of_the_labels_and_come_round() -> None:
    palette = Palette(["PER", "LOC"])
    assert (palette.hue("LOC"), palette.hue("PER"), palette.hue("ORG")) == (HUES[1], HUES[0], HUES[2])
    many = Palette(map(str, range(13)))
    assert many.hue("12") == many.hue("0")


def test_a_colour_by_name_does_not_depend_on_the_others_unless_theirs_is_the_same() -> None:
    first, second = Palette(by_name=True), Palette(by_name=True)
    assert first.number("PER") == [second.number("LOC"), second.number("PER")][1]
    taken = Palette(by_name=True)
    assert len({taken.number(str(label)) for label in range(12)}) == 12
