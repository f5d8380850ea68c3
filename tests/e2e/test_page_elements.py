"""What the scripts take for granted of the page's markup, which no type check sees."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from paddle_ner.serving import pages

Visit = Callable[..., Any]


def script(name: str) -> str:
    return pages._FILES[name].content.decode("utf-8")


def typed_elements() -> dict[str, str]:
    """The ids of `PageElements` in element.js, and the class of each."""
    (block,) = re.findall(r"@typedef \{\{([^@]*)\}\} PageElements", script("element.js"))
    return dict(re.findall(r'"([\w-]+)": (\w+),', block))


def test_the_elements_of_the_page_are_of_the_types_that_the_scripts_expect(visit: Visit) -> None:
    page = visit()
    expected = typed_elements()
    wrong = page.evaluate(
        """expected => Object.entries(expected)
            .filter(([id, kind]) => !(document.getElementById(id) instanceof window[kind]))
            .map(([id, kind]) => `${id}: ${kind}`)""",
        expected,
    )
    assert expected
    assert wrong == []


def test_what_the_page_says_by_name_is_a_phrase_of_both_languages(visit: Visit) -> None:
    page = visit()
    names = page.evaluate(
        """[...document.querySelectorAll('[data-say], [data-name], [data-placeholder]')]
            .flatMap(({ dataset }) => [dataset.say, dataset.name, dataset.placeholder])
            .filter(name => name !== undefined)"""
    )
    unknown = page.evaluate(
        """async names => {
            const { WORDS } = await import('/page/words.js');
            return names.filter(name => Object.values(WORDS).some(words => typeof words[name] !== 'string'));
        }""",
        names,
    )
    assert names
    assert unknown == []
