"""Labelled texts as one page to look at: each with its entities or classes in colour; nothing else is loaded by it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from paddle_ner.drawing.fragment import fragment
from paddle_ner.drawing.marks import JOINER, Palette, Span, marked, safe, said, scored
from paddle_ner.drawing.page import head


class Labelled(Protocol):
    """A text with what people or a model say of it, as `paddle_ner.types.Example` and ``Prediction`` are."""

    @property
    def text(self) -> str:
        """The original text."""

    @property
    def entities(self) -> Sequence[Span] | None:
        """Its entities."""

    @property
    def label(self) -> str | None:
        """Its class."""

    @property
    def labels(self) -> Sequence[str] | None:
        """Its classes."""

    @property
    def id(self) -> str | int | None:
        """Of its record."""


def render(predictions: Labelled | Iterable[Labelled], *, page: bool = True) -> str:
    """HTML of what a model says of a text, or of several.

    Args:
        predictions: one, or any number; examples that people labelled are drawn alike.
        page: a whole page for a file; False gives a piece of HTML for a notebook or a page of your own.
    """
    listed: list[Labelled] = list(predictions) if isinstance(predictions, Iterable) else [predictions]
    if page:
        return "".join(pages((str(number), labelled) for number, labelled in enumerate(listed, start=1)))
    palette = Palette()
    return "".join(
        fragment(labelled.text, labelled.entities, _classes(labelled), _scores(labelled), palette)
        for labelled in listed
    )


def pages(texts: Iterable[tuple[str, Labelled]]) -> Iterator[str]:
    """A page in parts, as texts come.

    Args:
        texts: each with a name, which is shown above it if its record has no id.
    """
    yield head("Labelled texts", language="zh").replace("<body>", '<body class="texts">')
    palette, counts, total = Palette(), Counter[str](), 0
    for name, labelled in texts:
        total += 1
        counts.update(entity.label for entity in labelled.entities or ())
        counts.update(_classes(labelled) or ())
        yield _article(name if labelled.id is None else str(labelled.id), labelled, palette)
    legend = " ".join(_label(f"{number:,}", label, palette) for label, number in counts.items())
    yield f"<footer><p>{total:,} text{'s' * (total != 1)} {legend}</p></footer>\n</body>\n</html>\n"


def _article(name: str, labelled: Labelled, palette: Palette) -> str:
    scores = _scores(labelled) or {}
    classes = " ".join(_label(scored(scores.get(label)), label, palette) for label in _classes(labelled) or ())
    below = f"<div>{classes}</div>\n" if classes else ""
    body = marked(
        labelled.text,
        labelled.entities or (),
        lambda span: _attributes(span.label, palette, said(span)),
        lambda span: f"<small>{JOINER}{safe(span.label)}</small>",
    )
    return f'<article>\n<small class="origin">{safe(name)}</small>\n<p class="text">{body}</p>\n{below}</article>\n'


def _label(inside: str, label: str, palette: Palette) -> str:
    return f"<mark {_attributes(label, palette)}>{inside}<small>{safe(label)}</small></mark>"


def _attributes(label: str, palette: Palette, title: str = "") -> str:
    return f'style="--hue:{palette.hue(label)}"' + (f' title="{safe(title)}"' if title else "")


def _classes(labelled: Labelled) -> Sequence[str] | None:
    return labelled.labels if labelled.label is None else (labelled.label,)


def _scores(labelled: Labelled) -> Mapping[str, float] | None:
    return getattr(labelled, "scores", None)
