from __future__ import annotations

import re
from html.parser import HTMLParser

from paddle_ner.data import Record
from paddle_ner.types import Entity, Example, Prediction
from tests.unit.data.writers.conftest import Found, Write


class Page(HTMLParser):
    """The texts of the page's paragraphs and marks, and every address that it names."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.paragraphs: list[str] = []
        self.marks: list[str] = []
        self.addresses: list[str] = []
        self.scripts = 0
        self.feed(source)
        assert not [tag for tag in self.open if tag not in ("meta", "html")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.addresses += [str(value) for name, value in attrs if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)
        if tag == "p":
            self.paragraphs.append("")
        if tag == "mark":
            self.marks.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "small" in self.open:
            return
        if "p" in self.open:
            self.paragraphs[-1] += data
        if "mark" in self.open:
            self.marks[-1] += data


def test_entities_are_marked_in_the_text(write: Write, found: Found) -> None:
    page = Page(write("html", found("王芳在北京", (0, 2, "PER", 0.9), (3, 5, "LOC", 0.8))))
    assert page.paragraphs[0] == "王芳在北京" and page.marks[:2] == ["王芳", "北京"]


def test_a_mark_says_its_score_or_its_source(write: Write) -> None:
    entities = (Entity(0, 2, "LOC", "北京", 0.5), Entity(2, 4, "LOC", "上海", source="terms"))
    assert re.findall('<mark [^>]*title="([^"]*)"', write("html", Record(Prediction("北京上海", entities), "a:1"))) == [
        "0.50",
        "terms",
    ]


def test_everything_is_escaped_and_nothing_is_loaded(write: Write, found: Found) -> None:
    evil = '<script src="//x">&amp;</script>'
    page = Page(write("html", found(evil, (0, len(evil), f"</mark>{evil}", 0.9), id=evil)))
    assert (page.paragraphs[0], page.scripts, page.addresses) == (evil, 0, [])


def test_no_style_loads_anything(write: Write, found: Found) -> None:
    assert not re.search(r"url\(|@import|https?:", write("html", found("好")))


def test_an_entity_inside_another_is_marked_inside_it(write: Write) -> None:
    text = "北京大学在北京"
    entities = tuple(Entity.of(text, *span) for span in ((0, 4, "ORG"), (0, 2, "LOC"), (5, 7, "LOC")))
    page = Page(write("html", Example(text, entities)))
    assert page.paragraphs[0] == text and "大学" not in page.marks[2]
    assert "".join(page.marks[:2]) == "北京大学"


def test_an_entity_that_crosses_another_is_marked_in_two_pieces(write: Write) -> None:
    entities = tuple(Entity.of("北京大学", *span) for span in ((0, 3, "A"), (2, 4, "B")))
    source = write("html", Example("北京大学", entities))
    page = Page(source)
    assert page.paragraphs[0] == "北京大学" and page.marks[:3] == ["北京", "大", "学"]
    assert source.count("B</small>") == 2  # at its last piece, and in the footer


def test_control_characters_are_pictured(write: Write, found: Found) -> None:
    assert "␀" in write("html", found("a\x00b")) and "\x00" not in write("html", found("a\x00b"))


def test_classes_stand_below_with_their_scores(write: Write, found: Found) -> None:
    source = write("html", found("好", labels=("物流",), scores={"物流": 0.91, "好": 0.2}))
    assert re.search(r"<mark[^>]*>0\.91<small>物流</small></mark>", source)
