"""A prediction as a piece of HTML for a notebook: every style is in its element, so that nothing else changes."""

from __future__ import annotations

from typing import Mapping, Sequence

from paddle_ner.drawing.marks import HUES, JOINER, PASTELS, Palette, Span, marked, safe, said, scored

_MARK = "color:#1b1f27;border-radius:.3em;padding:.12em .3em"
_TAG = "font-size:.7em;font-weight:600;margin-left:.4em"
_TEXT = "line-height:2;white-space:pre-wrap;overflow-wrap:anywhere"
_SCORES = 10  # classes shown with their scores


def fragment(
    text: str,
    entities: Sequence[Span] | None,
    classes: Sequence[str] | None,
    scores: Mapping[str, float] | None,
    palette: Palette | None = None,
) -> str:
    """A ``<div>`` with a text, its entities marked, and its classes below.

    Args:
        text: the original text.
        entities: those of the text; None if none were asked for.
        classes: that the text has; None if none were asked for.
        scores: by class.
        palette: the labels' colours; None gives them by name.
    """
    palette = palette or Palette(by_name=True)

    def style(label: str) -> str:
        return f"background:{PASTELS[palette.number(label) % len(HUES)]};{_MARK}"

    def attributes(span: Span) -> str:
        title = f' title="{safe(said(span))}"' if said(span) else ""
        return f'style="{style(span.label)}"{title}'

    body = marked(
        text, entities or (), attributes, lambda span: f'<span style="{_TAG}">{JOINER}{safe(span.label)}</span>'
    )
    below = ""
    if classes is not None:
        given = scores or {}
        shown = [*classes, *(name for name in list(given)[:_SCORES] if name not in classes)]
        below = " ".join(
            f'<span style="{style(name) if name in classes else "opacity:.6"}">{safe(name)}'
            f" {scored(given.get(name))}</span>"
            for name in shown
        )
        below = f"<div>{below or '∅'}</div>"
    return f'<div class="paddle-ner" style="{_TEXT}"><div>{body}</div>{below}</div>'
