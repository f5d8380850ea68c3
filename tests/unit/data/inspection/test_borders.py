from __future__ import annotations

import pytest

from paddle_ner.data.inspection.borders import odd_borders, oddity
from paddle_ner.types import Entity, Example


def spanned(marked: str) -> tuple[str, Entity]:
    """The text and the entity of ``在[北京]``."""
    start, end = marked.index("["), marked.index("]") - 1
    text = marked.replace("[", "", 1).replace("]", "", 1)
    return text, Entity.of(text, start, end, "X")


@pytest.mark.parametrize(
    ("marked", "odd"),
    [
        ("在[ 北京]", "space at the border"),
        ("在[北京\u3000]", "space at the border"),
        ("在[北京，]", "punctuation at the border"),
        ("在[，北京]", "punctuation at the border"),
        ("看[《红楼梦]》", "half a pair of brackets or quotes"),
        ("在[“北京]", "half a pair of brackets or quotes"),
        ("第1[23]号", "half a number"),
        ("看N[BA]", "half a word"),
        ("在[北京]市", None),
        ("看[《红楼梦》]", None),
        ("有[12.5%]的", None),
        ("看[DOTA]2", None),
        ("在[Yahoo!]网", None),
    ],
)
def test_what_is_odd(marked: str, odd: str | None) -> None:
    assert oddity(*spanned(marked)) == odd


def test_all_are_one_finding_whose_first_places_show_each_oddity() -> None:
    examples = []
    for line, marked in enumerate(["在[ 北京]", "在[ 上海]", "在[北京，]", "在[北京]"], start=1):
        text, entity = spanned(marked)
        examples.append(Example(text, (entity,), origin=f"a:{line}"))
    (found,) = odd_borders(examples)
    assert found.message == "3 of 4 entities with odd borders: space at the border 2, punctuation at the border 1"
    assert [place.origin for place in found.places] == ["a:1", "a:3", "a:2"]
    assert found.places[0].shown == "在[X  北京]  space at the border"
