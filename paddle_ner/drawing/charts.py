"""Small charts as SVG. Their colours are classes (`f0` fills, `s0` strokes …) of the style sheet around them.

All are about 360 units wide, which a telephone shows at full size. `pictures` makes files of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from paddle_ner.drawing.marks import safe

WIDTH = 360
_ROW = 22  # height of a row of names
_NAME = 104  # width of the names beside rows
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 10, 8, 34  # around a plot
_HEIGHT = 220
_DARK = 0.65  # share of a row from which a square is so dark that its number is light
_WIDE_CHARACTER = 0x2E80  # from here on, characters are about square

Words = str | tuple[str, str]
"""A text that is the same in both languages, or English and Chinese."""


@dataclass(frozen=True, slots=True)
class Whisker:
    """A value with the interval around it, all from 0 to 1, and a few words at the right end."""

    value: float
    low: float
    high: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """Points in a colour: a curve through them, or dots."""

    points: Sequence[tuple[float, float]]
    colour: int = 0
    dots: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """From `left` to `right`, `top` high, in the units of the axes; `weight` of 0 to 1 makes it darker."""

    left: float
    right: float
    top: float
    weight: float
    words: str


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high`, with a title and the words for a number on it."""

    low: float
    high: float
    title: Words
    words: Callable[[float], str]


def percent(value: float) -> str:
    """A number of 0 to 1 on an axis."""
    return f"{100 * value:.0f}"


def whiskers(title: str, rows: Sequence[tuple[Words, Sequence[Whisker]]]) -> str:
    """A row for each name, with a dot and an interval for each of its values; the axis ends at 100 percent."""
    height = _ROW * len(rows) + 24
    plot = WIDTH - _NAME - 54

    least = min((whisker.low for _, values in rows for whisker in values), default=0.0)
    axis = Axis(max(0.0, math.floor(10 * least - 0.5) / 10), 1, "", percent)

    def x(value: float) -> float:
        return _NAME + plot * _part(value, axis)

    shapes = []
    for value in _ticks(axis):
        shapes.append(_line_between(x(value), 0, x(value), height - 18, "grid"))
        shapes.append(_text(x(value), height - 5, percent(value), "fine", "middle"))
    for number, (name, values) in enumerate(rows):
        middle = _ROW * number + _ROW / 2
        shapes.append(_named(name, middle))
        for which, whisker in enumerate(values):
            y = middle + (which - (len(values) - 1) / 2) * 9
            shapes.append(f'<g class="s{which} f{which}"><title>{_interval(name, whisker)}</title>')
            shapes.append(
                f'<path class="line" d="M{x(whisker.low):.1f} {y:.1f}H{x(whisker.high):.1f}"/>'
                f'<circle cx="{x(whisker.value):.1f}" cy="{y:.1f}" r="3.6" stroke="none"/></g>'
            )
        note = values[0].note if values else ""
        shapes.append(_text(WIDTH - 2, middle + 4, note, "fine", "end"))
    return _svg(title, height, shapes)


def plot(
    title: str,
    horizontal: Axis,
    vertical: Axis,
    lines: Iterable[Line],
    *,
    bars: Iterable[Bar] = (),
    diagonal: bool = False,
) -> str:
    """Curves over two axes.

    Args:
        title: for people who cannot see it.
        horizontal: the axis below.
        vertical: the axis at the left.
        lines: drawn in their order.
        bars: drawn before them.
        diagonal: a dashed line from corner to corner.
    """
    wide, high = WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(value: float) -> float:
        return _LEFT + wide * _part(value, horizontal)

    def y(value: float) -> float:
        return _TOP + high * (1 - _part(value, vertical))

    shapes = []
    for value in _ticks(vertical):
        shapes.append(_line_between(_LEFT, y(value), WIDTH - _RIGHT, y(value), "grid"))
        shapes.append(_text(_LEFT - 5, y(value) + 4, vertical.words(value), "fine", "end"))
    for value in _ticks(horizontal):
        shapes.append(_text(x(value), _HEIGHT - _BOTTOM + 14, horizontal.words(value), "fine", "middle"))
    shapes += _both(_LEFT + wide / 2, _HEIGHT - 4, horizontal.title, "fine", "middle")
    for bar in bars:
        shapes.append(
            f'<rect class="f0" opacity="{0.12 + 0.5 * bar.weight:.2f}" x="{x(bar.left) + 1:.1f}" y="{y(bar.top):.1f}"'
            f' width="{x(bar.right) - x(bar.left) - 2:.1f}" height="{max(0.0, y(vertical.low) - y(bar.top)):.1f}">'
            f"<title>{safe(bar.words)}</title></rect>"
        )
    if diagonal:
        shapes.append(_line_between(x(horizontal.low), y(vertical.low), x(horizontal.high), y(vertical.high), "dash"))
    for line in lines:
        path = "L".join(f"{x(across):.1f} {y(up):.1f}" for across, up in line.points)
        if not line.dots:
            shapes.append(f'<path class="line s{line.colour}" d="M{path}"/>')
        else:
            shapes += [
                f'<circle class="f{line.colour}" cx="{x(across):.1f}" cy="{y(up):.1f}" r="3"><title>'
                f"{safe(horizontal.words(across))}: {safe(vertical.words(up))}</title></circle>"
                for across, up in line.points
            ]
    return _svg(title, _HEIGHT, shapes)


def stacks(title: str, rows: Sequence[tuple[Words, Sequence[tuple[int, int, str]]]]) -> str:
    """A row for each name: parts one after the other, each a number, its colour and its words."""
    height = _ROW * len(rows) + 2
    most = max((sum(number for number, _, _ in parts) for _, parts in rows), default=0)
    wide = WIDTH - _NAME - 40
    shapes = []
    for row, (name, parts) in enumerate(rows):
        middle, left = _ROW * row + _ROW / 2, float(_NAME)
        shapes.append(_named(name, middle))
        for number, colour, words in parts:
            width = wide * number / most if most else 0
            if number:
                shapes.append(
                    f'<rect class="f{colour}" x="{left:.1f}" y="{middle - 7}" width="{max(width - 0.8, 0.8):.1f}"'
                    f' height="14"><title>{safe(_pair(name)[0])}: {safe(words)} {number:,}</title></rect>'
                )
            left += width
        shapes.append(_text(left + 5, middle + 4, f"{sum(number for number, _, _ in parts):,}", "fine", "start"))
    return _svg(title, height, shapes)


def matrix(title: str, rows: Sequence[Words], columns: Sequence[Words], numbers: Sequence[Sequence[int]]) -> str:
    """Numbers in squares: darker the greater their share of the row, the diagonal in another colour.

    Args:
        title: for people who cannot see it.
        rows: their names.
        columns: their names, drawn aslant.
        numbers: the numbers of each row.
    """
    cell = max(26.0, min(46.0, (WIDTH - _NAME) / max(1, len(columns))))
    head = 12 + 0.72 * max((_long(_cut(name, 84)) for words in columns for name in _pair(words)), default=0)
    width, height = _NAME + cell * len(columns) + 34, head + cell * len(rows) + 2
    shapes = []
    for column, words in enumerate(columns):
        place = f'transform="translate({_NAME + cell * (column + 0.5):.1f} {head - 6:.1f}) rotate(-45)"'
        shapes += _both(0, 0, _cut_both(words, 84), "fine", "start", place)
    for row, words in enumerate(rows):
        top, total = head + cell * row, sum(numbers[row])
        shapes += _both(_NAME - 8, top + cell / 2 + 4, _cut_both(words), "", "end")
        for column, number in enumerate(numbers[row]):
            share = number / total if total else 0.0
            colour = 2 if row == column and row < len(columns) else 4
            left, said = _NAME + cell * column, f"{_pair(words)[0]} → {_pair(columns[column])[0]}"
            shapes.append(
                f"<g><title>{safe(said)}: {number:,} ({share:.1%})</title>"
                f'<rect class="f{colour}" opacity="{0.06 + 0.84 * share if number else 0.04:.2f}" x="{left + 1:.1f}"'
                f' y="{top + 1:.1f}" width="{cell - 2:.1f}" height="{cell - 2:.1f}" rx="3"/>'
            )
            style = "onfill strong" if share > _DARK else "" if number else "fine"
            shapes.append(_text(left + cell / 2, top + cell / 2 + 4, _short(number), style, "middle") + "</g>")
    return _svg(title, height, shapes, width)


def thinned(points: Sequence[tuple[float, float]], most: int = 200) -> list[tuple[float, float]]:
    """About `most` points at most, evenly spaced, including the first and the last."""
    step = max(1, -(-len(points) // most))
    return [*points[:-1:step], *points[-1:]]


def _svg(title: str, height: float, shapes: Iterable[str], width: float = WIDTH) -> str:
    return (
        f'<svg class="chart" role="img" viewBox="0 0 {width:.0f} {height:.0f}" style="max-width:{1.35 * width:.0f}px">'
        f"<title>{safe(title)}</title>{''.join(shapes)}</svg>"
    )


def _part(value: float, axis: Axis) -> float:
    return (value - axis.low) / (axis.high - axis.low) if axis.high > axis.low else 0.5


def _ticks(axis: Axis) -> list[float]:
    """Four to six round numbers on an axis."""
    span = axis.high - axis.low
    if span <= 0:
        return [axis.low]
    rough = span / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 2.5, 5, 10) if power * times >= rough * 0.999)
    first = math.ceil(axis.low / step - 1e-9)
    return [number * step for number in range(first, math.floor(axis.high / step + 1e-9) + 1)]


def _line_between(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line class="{style}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, style: str, anchor: str, more: str = "") -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{safe(text)}</text>'


def _both(x: float, y: float, words: Words, style: str, anchor: str, more: str = "") -> list[str]:
    if isinstance(words, str):
        return [_text(x, y, words, style, anchor, more)]
    return [
        _text(x, y, text, f"{style} {language}", anchor, more)
        for text, language in zip(words, ("en", "zh"), strict=True)
    ]


def _pair(words: Words) -> tuple[str, str]:
    return (words, words) if isinstance(words, str) else words


def _named(words: Words, middle: float) -> str:
    cut = _cut_both(words)
    whole = f"<title>{safe(_pair(words)[0])}</title>" if cut != words else ""
    return f"<g>{whole}{''.join(_both(_NAME - 8, middle + 4, cut, '', 'end'))}</g>"


def _interval(words: Words, whisker: Whisker) -> str:
    return safe(f"{_pair(words)[0]}: {100 * whisker.value:.1f} ({100 * whisker.low:.1f} – {100 * whisker.high:.1f})")


def _cut_both(words: Words, room: float = _NAME - 12) -> Words:
    return _cut(words, room) if isinstance(words, str) else (_cut(words[0], room), _cut(words[1], room))


def _cut(name: str, room: float = _NAME - 12) -> str:
    """The part of a name that fits, in units at 11 pixels."""
    if _long(name) <= room:
        return name
    while name and _long(name) > room - 10:
        name = name[:-1]
    return name + "…"


def _long(name: str) -> float:
    return sum(11 if ord(character) >= _WIDE_CHARACTER else 8 if character.isupper() else 6.4 for character in name)


def _short(number: int) -> str:
    """A count in four characters at most."""
    if number < 10_000:
        return str(number) if number else "·"
    return f"{number / 1000:.0f}k"
