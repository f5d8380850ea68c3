"""The pieces of HTML that pages are made of: cards, figures, tables, tiles."""

from __future__ import annotations

from collections.abc import Sequence

from paddle_ner.drawing.charts import Words
from paddle_ner.drawing.marks import safe
from paddle_ner.drawing.page import say


def named(words: Words) -> str:
    """Words as HTML."""
    return safe(words) if isinstance(words, str) else say(*words)


def card(english: str, chinese: str, *content: str, wide: bool = True) -> str:
    """A part of the page; its content is in two columns if it is not `wide`."""
    inside = (
        "".join(content) if wide else f'<div class="pair">{"".join(f"<div>{part}</div>" for part in content)}</div>'
    )
    return f'<section class="card"><h2>{say(safe(english), safe(chinese))}</h2>{inside}</section>'


def tiles(shown: Sequence[tuple[str, str]]) -> str:
    """The first figures: each a value, and HTML that says what it is."""
    cells = "".join(f"<div><b>{safe(value)}</b><span class='soft'>{words}</span></div>" for value, words in shown)
    return f'<section class="card tiles">{cells}</section>'


def figure(chart: str, note: str, key: str = "") -> str:
    """A chart with a note, and the key to its colours."""
    return f"<figure>{chart}{key}<figcaption>{note}</figcaption></figure>"


def key(entries: Sequence[tuple[int, str, str]]) -> str:
    """What the colours of a chart mean: their numbers, and their words in both languages."""
    shown = "".join(
        f'<span><i class="f{colour}"></i>{say(english, chinese)}</span>' for colour, english, chinese in entries
    )
    return f'<div class="key">{shown}</div>'


def table(head: Sequence[str], rows: Sequence[str]) -> str:
    """Rows of cells; a wide one is scrolled."""
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{"".join(head)}</tr></thead><tbody>{body}</tbody></table></div>'


def head(english: str, chinese: str, *, number: bool = False) -> str:
    """The head of a column."""
    return f'<th scope="col"{" class=number" if number else ""}>{say(safe(english), safe(chinese))}</th>'


def number(count: int | None) -> str:
    """A cell with a count; empty if it is not known."""
    return f"<td class='number'>{'' if count is None else f'{count:,}'}</td>"


def shares(*values: float) -> str:
    """Cells with shares of 1 in percent."""
    return "".join(f"<td class='number'>{100 * value:.2f}</td>" for value in values)


def names(counted: Sequence[tuple[str, int]]) -> str:
    """Names and how often each occurs."""
    return "".join(
        f"<span class='tag'>{safe(name)}{f' ×{times}' if times > 1 else ''}</span> " for name, times in counted
    )


def percent(share: float) -> str:
    """A share of 1."""
    return f"{100 * share:.1f}%"


def decimal(value: float) -> str:
    """A score on an axis."""
    return f"{value:.1f}"
