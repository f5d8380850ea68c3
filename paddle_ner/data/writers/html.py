"""One page to look at: each text with its entities or classes; nothing else is loaded by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from typing import IO

from paddle_ner.data.writers.writer import Record, Writer
from paddle_ner.types import Entity

_COLOURS = (
    "#a5d8ff",
    "#b2f2bb",
    "#ffec99",
    "#ffc9c9",
    "#d0bfff",
    "#ffd8a8",
    "#99e9f2",
    "#fcc2d7",
    "#d8f5a2",
    "#dee2e6",
)
_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\r\n"} | {0x7F: 0x2421}
"""Control characters, which HTML cannot hold, as the characters that picture them."""

_HEAD = """<!doctype html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Labelled texts</title>
<style>
:root {{ color-scheme: light dark }}
body {{ display: flex; flex-direction: column; max-width: 52rem; margin: 1.5rem auto; padding: 0 1rem;
  font: 1rem/2 system-ui, sans-serif }}
footer {{ order: -1 }}
article {{ border-top: 1px solid #8884; padding: .5rem 0 }}
article p {{ margin: 0; white-space: pre-wrap; overflow-wrap: anywhere }}
small.origin {{ opacity: .6 }}
mark {{ color: #111; border-radius: .25rem; padding: .1em .25em }}
mark small {{ font-weight: 600; margin-left: .3em }}
{colours}
</style>
</head>
<body>
"""


def _write(records: Iterable[Record], stream: IO[str]) -> None:
    colours = "\n".join(f"mark.c{number} {{ background: {colour} }}" for number, colour in enumerate(_COLOURS))
    stream.write(_HEAD.format(colours=colours))
    counts: Counter[str] = Counter()
    total = 0
    for record in records:
        total += 1
        stream.write(_article(record, counts))
    legend = " ".join(_mark(f"{number:,}", label, counts) for label, number in counts.items())
    stream.write(f"<footer><p>{total:,} text{'s' * (total != 1)} {legend}</p></footer>\n</body>\n</html>\n")


def _article(record: Record, counts: Counter[str]) -> str:
    entities = record.labelled.entities or ()
    counts.update(entity.label for entity in entities)
    counts.update(record.classes or ())
    name = record.origin if record.labelled.id is None else str(record.labelled.id)
    shown = _marked(record, sorted(entities, key=lambda one: (one.start, -one.end)), 0, len(record.text), counts)
    classes = " ".join(_mark(_scored(record.scores.get(label)), label, counts) for label in record.classes or ())
    below = f"<div>{classes}</div>\n" if classes else ""
    return f'<article>\n<small class="origin">{_text(name)}</small>\n<p>{shown}</p>\n{below}</article>\n'


def _marked(record: Record, entities: Sequence[Entity], start: int, end: int, counts: Counter[str]) -> str:
    """``text[start:end]`` with `entities`, in order of their start and the longer first, marked; inner ones inside."""
    shown: list[str] = []
    while entities:
        outer = entities[0]
        inner = [one for one in entities[1:] if one.start < outer.end]
        if any(one.end > outer.end for one in inner):
            raise record.refused("entities that cross each other, which a page cannot show: write .jsonl instead")
        shown.append(_text(record.text[start : outer.start]))
        inside = _marked(record, inner, outer.start, outer.end, counts)
        shown.append(_mark(inside, outer.label, counts, outer.source or _scored(outer.score)))
        start = outer.end
        entities = entities[1 + len(inner) :]
    shown.append(_text(record.text[start:end]))
    return "".join(shown)


def _mark(inside: str, label: str, counts: Counter[str], said: str = "") -> str:
    """`inside`, which is HTML, in the colour of its label."""
    number = list(counts).index(label) % len(_COLOURS)
    title = said and f' title="{_text(said)}"'
    return f'<mark class="c{number}"{title}>{inside}<small>{_text(label)}</small></mark>'


def _scored(score: float | None) -> str:
    return "" if score is None else f"{score:.2f}"


def _text(text: str) -> str:
    return escape(text.translate(_PICTURES))


WRITER = Writer("html", "one page to look at, with the entities in colour", (".html", ".htm"), _write)
