"""What a user does at the page, and what the page shows, in the words of the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from paddle_ner import data
from paddle_ner.types import Example


def analyse(page: Any, text: str) -> None:
    """Types a text and waits for its answer."""
    page.fill("#text", text)
    with page.expect_response(lambda response: response.url.endswith("/predict")):
        page.press("#text", "Control+Enter")
    page.wait_for_selector('#answer[aria-busy="false"] #result :is(.editor, .classes, .problem)')


def marks(page: Any) -> list[tuple[str, ...]]:
    """The highlighted entities in order: their text, label and, where there is one, score."""
    found: list[list[str]] = page.evaluate(
        """[...document.querySelectorAll('.text mark')].map(mark => {
            const tag = mark.querySelector(':scope > .tag');
            const text = [...mark.childNodes].filter(node => node !== tag).map(node => node.textContent).join('');
            const score = tag.querySelector('span');
            const label = tag.firstChild.data.replace('\\u2060', '');
            return score ? [text, label, score.textContent] : [text, label];
        })"""
    )
    return [tuple(one) for one in found]


def shown_text(page: Any) -> str:
    """The text of the result without the labels in it."""
    text: str = page.evaluate(
        """(() => {
            const copy = document.querySelector('.text').cloneNode(true);
            copy.querySelectorAll('.tag').forEach(tag => tag.remove());
            return copy.textContent;
        })()"""
    )
    return text


def select(page: Any, start: str, end: str) -> None:
    """Drags the mouse over the result's text, from before `start` to behind `end`, each found in one run of text."""
    box = page.evaluate(
        """([start, end]) => {
            const walker = document.createTreeWalker(document.querySelector('.text'), NodeFilter.SHOW_TEXT);
            const place = (wanted, behind) => {
                walker.currentNode = walker.root;
                while (walker.nextNode()) {
                    const node = walker.currentNode, at = node.data.indexOf(wanted);
                    if (at < 0 || node.parentElement.closest('.tag')) continue;
                    const range = document.createRange();
                    range.setStart(node, at);
                    range.setEnd(node, at + wanted.length);
                    const rects = [...range.getClientRects()];
                    const rect = behind ? rects.at(-1) : rects[0];
                    return { x: behind ? rect.right - 1 : rect.left + 1, y: rect.top + rect.height / 2 };
                }
                throw new Error(`no ${wanted}`);
            };
            document.querySelector('.text').scrollIntoView({ block: 'center' });
            return [place(start, false), place(end, true)];
        }""",
        [start, end],
    )
    page.mouse.move(box[0]["x"], box[0]["y"])
    page.mouse.down()
    page.mouse.move(box[1]["x"], box[1]["y"], steps=4)
    page.mouse.up()
    page.wait_for_selector("#picker[open]")


def pick(page: Any, label: str) -> None:
    """Chooses a label in the open dialog."""
    page.click(f'#picker .label:has(b:text-is("{label}"))')
    page.wait_for_selector("#picker:not([open])", state="attached")


def download(page: Any, button: str, folder: Path) -> Path:
    """Clicks a button that hands out a file; gives the file."""
    with page.expect_download() as found:
        page.click(button)
    path: Path = folder / found.value.suggested_filename
    found.value.save_as(path)
    return path


def records(path: Path) -> list[dict[str, Any]]:
    """The lines of a file, as they stand there."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def examples(path: Path) -> list[Example]:
    """What the project's own reader makes of a file; it refuses an offset that does not fit its text."""
    return list(data.read(path))


def said(page: Any, words: str) -> None:
    """Waits until a screen reader was told the words."""
    page.locator("#live", has_text=words).wait_for(state="attached")
