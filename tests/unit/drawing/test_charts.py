"""Charts as SVG, and as files of their own.

Tests `paddle_ner.drawing.pictures` too.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from paddle_ner.drawing import pictures
from paddle_ner.drawing.charts import Axis, Bar, Line, Whisker, matrix, percent, plot, stacks, thinned, whiskers

UNIT = Axis(0, 1, ("score", "分数"), percent)


def shapes(chart: str, name: str) -> list[dict[str, str]]:
    """The elements of that name of an SVG, which must be well-formed, by their attributes."""
    root = ElementTree.fromstring(pictures.svg(chart))
    return [dict(one.attrib) for one in root.iter() if one.tag.rpartition("}")[2] == name]


def test_the_axis_of_intervals_begins_below_the_least() -> None:
    chart = whiskers("F1", [("PER", [Whisker(0.95, 0.92, 0.98, "249")]), ("LOC", [Whisker(0.9, 0.86, 0.94)])])
    assert re.findall(r'text-anchor="middle" >(\d+)<', chart) == ["80", "85", "90", "95", "100"]
    assert len(shapes(chart, "circle")) == 2 and "PER: 95.0 (92.0 – 98.0)" in chart


def test_names_too_long_are_cut_and_told_whole() -> None:
    chart = whiskers("F1", [("a very long name of a label", [Whisker(0.5, 0, 1)])])
    assert "a very long …<" in chart and "<title>a very long name of a label</title>" in chart


def test_a_curve_is_as_high_as_its_axes_say() -> None:
    chart = plot("curve", UNIT, UNIT, [Line([(0, 0), (0.5, 1), (1, 0.5)])])
    (path,) = (one for one in shapes(chart, "path") if "line" in one["class"])
    assert path["d"] == "M44.0 186.0L197.0 8.0L350.0 97.0"


def test_bars_stand_on_the_axis() -> None:
    chart = plot("bars", UNIT, UNIT, [], bars=[Bar(0, 0.5, 0.25, 1, "a & b")], diagonal=True)
    (bar,) = shapes(chart, "rect")
    assert (bar["x"], bar["width"], bar["height"]) == ("45.0", "151.0", "44.5") and "a &amp; b" in chart


def test_stacks_are_as_long_as_their_numbers() -> None:
    rows = [("A", [(3, 0, "missed"), (1, 1, "invented")]), ("B", [(2, 0, "missed"), (0, 1, "invented")])]
    widths = [float(one["width"]) for one in shapes(stacks("errors", rows), "rect")]
    assert widths == [161.2, 53.2, 107.2]


def test_a_matrix_shades_by_the_share_of_the_row() -> None:
    chart = matrix("confusion", ["A", ("invented", "误报")], ["A", ("missed", "漏标")], [[9, 1], [0, 0]])
    assert [one["opacity"] for one in shapes(chart, "rect")] == ["0.82", "0.14", "0.04", "0.04"]
    assert 'class="f2"' in chart and "A → missed: 1 (10.0%)" in chart and "误报" in chart


@pytest.mark.parametrize(
    "chart",
    [
        whiskers("a", []),
        stacks("a", []),
        plot("a", Axis(0, 0, "", percent), UNIT, [Line([(0, 1)])]),
        matrix("a", [], [], []),
    ],
)
def test_nothing_to_draw_is_drawn(chart: str) -> None:
    assert ElementTree.fromstring(pictures.svg(chart)).tag.endswith("svg")


def test_points_are_thinned_to_about_so_many_with_the_ends() -> None:
    points = [(float(step), 0.0) for step in range(1001)]
    few = thinned(points, 100)
    assert len(few) <= 102 and few[0] == points[0] and few[-1] == points[-1]
    assert thinned(points[:5], 100) == points[:5]


def test_a_picture_is_png() -> None:
    pytest.importorskip("resvg_py", reason="pip install 'paddle-ner[report]'")
    assert pictures.png(plot("curve", UNIT, UNIT, [Line([(0, 0), (1, 1)])])).startswith(b"\x89PNG")
