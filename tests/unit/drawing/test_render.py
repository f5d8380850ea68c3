"""Predictions drawn as a page, and as a piece of a notebook.

Tests `paddle_ner.drawing.fragment` and `paddle_ner.drawing.texts` too.
"""

from __future__ import annotations

import re

import paddle_ner
from paddle_ner.drawing.marks import PASTELS
from paddle_ner.types import Entity, Example, Prediction

TEXT = "王芳在北京"
FOUND = Prediction(TEXT, (Entity.of(TEXT, 0, 2, "PER", 0.9), Entity.of(TEXT, 3, 5, "LOC", 0.8)), id=7)


def test_a_page_has_each_text_with_its_name_and_asks_for_nothing() -> None:
    source = paddle_ner.render([FOUND, Prediction("好", label="物流", scores={"物流": 0.91, "财经": 0.09})])
    assert re.findall(r'class="origin">(\w+)<', source) == ["7", "2"]
    assert "2 texts" in source and not re.search(r"url\(|@import|https?:|<script|<link", source)
    assert re.search(r"<mark[^>]*>0\.91<small>物流</small></mark>", source)


def test_one_text_is_drawn_without_a_list() -> None:
    assert paddle_ner.render(FOUND) == paddle_ner.render([FOUND])
    assert "1 text " in paddle_ner.render(FOUND)


def test_a_piece_has_one_colour_for_a_label_in_all_texts_and_no_style_sheet() -> None:
    texts: list[Prediction | Example] = [FOUND, Example("北京", (Entity.of("北京", 0, 2, "LOC"),))]
    source = paddle_ner.render(texts, page=False)
    grounds = dict(re.findall(r"background:(#\w+);[^>]*>(\w+)<span", source))
    assert grounds == {PASTELS[0]: "王芳", PASTELS[1]: "北京"} and source.count(PASTELS[1]) == 2
    assert "<style" not in source and "<html" not in source


def test_a_notebook_shows_a_prediction() -> None:
    source = FOUND._repr_html_()
    assert re.search(r'<mark style="[^"]+" title="0\.90">王芳<span[^>]*>\u2060PER</span></mark>在<mark', source)


def test_a_notebook_shows_classes_with_their_scores_and_says_where_there_is_none() -> None:
    scores = {"物流": 0.7, "财经": 0.6, "体育": 0.1}
    source = Prediction("好", labels=("物流", "财经"), scores=scores)._repr_html_()
    assert re.findall(r"<span style=\"(background|opacity)[^>]*>(\S+ \S+)</span>", source) == [
        ("background", "物流 0.70"),
        ("background", "财经 0.60"),
        ("opacity", "体育 0.10"),
    ]
    assert "∅" in Prediction("好", labels=(), scores={})._repr_html_()


def test_markup_in_texts_and_labels_is_text() -> None:
    evil = "<script>"
    prediction = Prediction(evil, (Entity.of(evil, 0, 8, '"><b>', 0.5),))
    assert not re.search(r"<script|<b>", prediction._repr_html_() + paddle_ner.render(prediction))
