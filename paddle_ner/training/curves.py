"""The curves of a run as a page, ``curves.html``, written at each evaluation so that it shows a running training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from paddle_ner.drawing import cards
from paddle_ner.drawing.charts import Axis, Line, percent, plot, thinned
from paddle_ner.drawing.marks import safe
from paddle_ner.drawing.page import page, say
from paddle_ner.errors import PaddleNerError
from paddle_ner.files import whole_file
from paddle_ner.training.events import (
    LOG_LIKELIHOOD,
    Begun,
    Done,
    Evaluated,
    Event,
    Interrupted,
    Logged,
    Warned,
    all_of,
)
from paddle_ner.training.run_folder import CURVES

_METRICS = {"f1": ("F1", "F1"), "accuracy": ("accuracy", "准确率"), LOG_LIKELIHOOD: ("log-likelihood", "对数似然")}
_ENOUGH = 3  # evaluations that are needed to judge them
_NEARLY_ALL = 0.99  # a score from which on nothing is advised

Points = list[tuple[float, float]]


@dataclass
class Curves:
    """What is drawn of a run, by the number of the update.

    Attributes:
        loss: the mean since the previous point.
        rate: the learning rate.
        score: on dev, from 0 to 1; a log-likelihood is below 0.
        metric: the name of the score.
        steps: the steps of the whole training.
    """

    loss: Points = field(default_factory=list)
    rate: Points = field(default_factory=list)
    score: Points = field(default_factory=list)
    metric: str = ""
    steps: int = 0


class Drawn:
    """Passes events on, and draws the curves after events with new figures.

    Args:
        output: folder of the run.
        observe: called with each event, and with a warning if the page cannot be written.
    """

    def __init__(self, output: Path, observe: Callable[[Event], None]) -> None:
        self._output, self._observe = output, observe

    def __call__(self, event: Event) -> None:
        """Take one event."""
        self._observe(event)
        if isinstance(event, (Evaluated, Done, Interrupted)):
            try:
                write(self._output)
            except PaddleNerError as error:
                self._observe(Warned(f"the curves are not drawn: {error}"))


def write(output: Path) -> Path:
    """Write ``curves.html`` from the events of the run in `output`. Raises as `paddle_ner.files.whole_file`."""
    text = html(curves_of(all_of(output)), output.name)
    with whole_file(output / CURVES) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="replace")
    return output / CURVES


def curves_of(events: Iterable[Event]) -> Curves:
    """The curves of a run; of updates that were repeated after a stop, the last time counts."""
    curves = Curves()
    for event in events:
        if isinstance(event, Begun):
            curves.steps = event.steps
            for points in (curves.loss, curves.rate, curves.score):
                points[:] = [point for point in points if point[0] <= event.step]
        elif isinstance(event, Logged):
            curves.loss.append((event.step, event.loss))
            curves.rate.append((event.step, event.rate))
        elif isinstance(event, Evaluated):
            curves.score.append((event.step, event.score))
            curves.metric = event.metric
    return curves


def html(curves: Curves, name: str) -> str:
    """The page of a run called `name`."""
    metric = _METRICS.get(curves.metric, ("score", "得分"))
    if curves.metric == LOG_LIKELIHOOD:
        vertical, note = Axis(*_whole(curves.score), "", _short), metric
    else:
        vertical, note = Axis(*_bounds(curves.score), "", percent), (f"{metric[0]}, %", f"{metric[1]}, %")
    drawn = [
        _card(("Dev score", "开发集得分"), curves, curves.score, 2, vertical, note),
        _card(("Loss", "损失"), curves, curves.loss, 0, Axis(0, _top(curves.loss), "", _short)),
        _card(("Learning rate", "学习率"), curves, curves.rate, 3, Axis(0, _top(curves.rate), "", _short)),
    ]
    content = [_tiles(curves, metric), _verdict(curves), f'<div class="pair">{"".join(drawn)}</div>']
    heading = f"<h1>{safe(name)}</h1><p class='soft'>{say('Curves of the training', '训练曲线')}</p>"
    footer = say("Drawn from events.jsonl beside this page.", "根据同目录的 events.jsonl 绘制。")
    return page(f"{name} · curves", heading, "\n".join(filter(None, content)), footer)


def _tiles(curves: Curves, metric: tuple[str, str]) -> str:
    shown = []
    if curves.score:
        step, best = _best(curves)
        english, chinese = f"best dev {metric[0]}, update {step:,.0f}", f"开发集最高 {metric[1]}，第 {step:,.0f} 次更新"
        figure = f"{best:.4f}" if curves.metric == LOG_LIKELIHOOD else f"{100 * best:.2f}%"
        shown.append((figure, say(english, chinese)))
    if curves.loss:
        step, loss = curves.loss[-1]
        shown.append((f"{loss:.4f}", say("last loss", "最近的损失")))
        shown.append((f"{step:,.0f}", say(f"of {curves.steps:,} updates", f"次更新，共 {curves.steps:,} 次")))
    return cards.tiles(shown) if shown else ""


def _verdict(curves: Curves) -> str:
    """Whether training longer may help; empty if there is too little to say."""
    if len(curves.score) < _ENOUGH or _best(curves)[1] > _NEARLY_ALL:
        return ""
    if _best(curves)[0] == curves.score[-1][0]:
        words = (
            "The last evaluation is the best: the score is still rising, and more epochs (training.epochs) may help.",
            "最后一次评测得分最高，得分仍在上升：增加轮数（training.epochs）可能有帮助。",
        )
    else:
        words = (
            "The best evaluation is not the last one: more epochs will hardly help, more or cleaner data may.",
            "得分最高的不是最后一次评测：再增加轮数意义不大，更多或更干净的数据可能有帮助。",
        )
    return f'<section class="card"><p>{say(*words)}</p></section>'


def _card(
    title: tuple[str, str],
    curves: Curves,
    points: Points,
    colour: int,
    vertical: Axis,
    note: tuple[str, str] | None = None,
) -> str:
    if not points:
        return ""
    across = Axis(0, max(curves.steps, points[-1][0]), ("updates", "更新次数"), _short)
    lines = [Line(thinned(points, 400), colour)]
    if colour == 2:
        lines.append(Line(points, colour, dots=True))
    return cards.card(*title, cards.figure(plot(title[0], across, vertical, lines), say(*note) if note else ""))


def _best(curves: Curves) -> tuple[float, float]:
    """The first evaluation with the best score."""
    return max(curves.score, key=lambda point: point[1])


def _bounds(points: Points) -> tuple[float, float]:
    """Tens of percent around the scores."""
    scores = [score for _, score in points] or [0.0]
    return int(10 * min(scores)) / 10, min(1.0, int(10 * max(scores) + 1) / 10)


def _whole(points: Points) -> tuple[float, float]:
    """Whole numbers around the scores."""
    scores = [score for _, score in points] or [0.0]
    return math.floor(min(scores)), math.floor(max(scores)) + 1


def _top(points: Points) -> float:
    return max((value for _, value in points), default=0.0) or 1.0


def _short(value: float) -> str:
    if value >= 10:
        return f"{value:,.0f}"
    return f"{value:.1e}".replace("e-0", "e-") if 0 < value < 0.001 else f"{value:g}"
