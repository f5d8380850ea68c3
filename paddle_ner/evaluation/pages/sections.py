"""The cards of a report except its examples. Each makes HTML from a diagnosis, empty if it has nothing to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from paddle_ner.drawing import cards
from paddle_ner.drawing.charts import Axis, Bar, Line, Whisker, Words, matrix, percent, plot, stacks, thinned, whiskers
from paddle_ner.drawing.marks import safe
from paddle_ner.drawing.page import say
from paddle_ner.evaluation.cutoff import best_f1
from paddle_ner.evaluation.diagnosis.diagnose import Diagnosis
from paddle_ner.evaluation.diagnosis.findings import findings, order_to_label
from paddle_ner.evaluation.diagnosis.labels import LabelFigures
from paddle_ner.evaluation.diagnosis.pairs import WRONG
from paddle_ner.evaluation.diagnosis.slices import Slice
from paddle_ner.evaluation.pages.words import BORDERS, KINDS, SCHEMES, SEEN, worded
from paddle_ner.tasks.metrics import Scores

MATRIX_LIMIT = 24  # labels up to which the whole matrix is drawn
_ROWS = 60  # labels drawn in a chart of rows, those with the most items
_CONFUSIONS = 20  # pairs of classes that are listed beyond the limit
_TO_LABEL = 8  # labels that are recommended to work on
_COLOURS = {"missed": 4, "invented": 3, "borders": 0, "type": 1, "both": 5}
_SHARE = Axis(0, 1, "", percent)
_FIGURES = (("precision", "精确率"), ("recall", "召回率"), ("F1", "F1"))

Charts = dict[str, str]
"""The charts that were drawn, by the name of their file."""


def tiles(diagnosis: Diagnosis) -> str:
    """The figures that come first."""
    report, spread = diagnosis.report, diagnosis.interval
    around = f" <span class='soft'>{cards.percent(spread.low)} – {cards.percent(spread.high)}</span>"
    if report.metric == "f1":
        shown = [
            (cards.percent(report.value), f"F1{around}"),
            (cards.percent(report.micro.precision), say(*_FIGURES[0])),
            (cards.percent(report.micro.recall), say(*_FIGURES[1])),
        ]
    else:
        shown = [
            (cards.percent(report.value), say("accuracy", "准确率") + around),
            (cards.percent(report.macro.f1), say("macro F1", "宏平均 F1")),
        ]
    shown += [
        (f"{report.examples:,}", say("examples", "样本")),
        (f"{len(diagnosis.worst):,}", say("with errors", "有错误的样本")),
        (cards.percent(diagnosis.calibration), say("calibration error", "校准误差 (ECE)")),
    ]
    return cards.tiles(shown)


def what_next(diagnosis: Diagnosis) -> str:
    """What stands out, and which labels and names to work on."""
    said = "".join(f"<li>{worded(finding)}</li>" for finding in findings(diagnosis))
    advice = f'<ol class="next">{said}</ol>' if said else f"<p>{say('Nothing stands out.', '没有明显的问题。')}</p>"
    ranked = order_to_label(diagnosis)[:_TO_LABEL]
    if not ranked or diagnosis.pairs is None:
        return cards.card("What to do next", "下一步做什么", advice)
    rows = "".join(_to_label(figures) for figures in ranked)
    return cards.card("What to do next", "下一步做什么", advice, f'<dl class="label-next">{rows}</dl>')


def _to_label(figures: LabelFigures) -> str:
    """A label with its errors, and the names in them."""
    wrong, score = f"{figures.errors:,}", cards.percent(figures.scores.f1)
    trained = "" if figures.trained is None else f"{figures.trained:,}"
    english = f"{wrong} errors, F1 {score}" + (f", {trained} in training" if trained else "")
    chinese = f"错误 {wrong}，F1 {score}" + (f"，训练中 {trained}" if trained else "")
    names = [
        f"<dd><span class='soft'>{say(*words)}</span> {cards.names(counted)}</dd>"
        for words, counted in (
            (("not found:", "漏掉："), figures.lost_names),
            (("invented or wrong:", "误报或出错："), figures.wrong_names),
        )
        if counted
    ]
    return f"<dt><b>{safe(figures.label)}</b> <span class='soft'>{say(english, chinese)}</span></dt>{''.join(names)}"


def scores(diagnosis: Diagnosis, charts: Charts) -> str:
    """By label, with intervals."""
    compared = diagnosis.comparison
    others = (
        {}
        if compared is None
        else {
            difference.label: Whisker(difference.other, difference.other, difference.other)
            for difference in compared.by_label
        }
    )
    rows: list[tuple[Words, list[Whisker]]] = []
    for label in sorted(diagnosis.labels, key=lambda figures: -figures.scores.support)[:_ROWS]:
        ours = Whisker(label.scores.f1, *label.interval, f"{label.scores.support:,}")
        rows.append((label.label, [ours, others[label.label]] if others else [ours]))
    charts["scores"] = whiskers("F1 by label with 95 % intervals", rows)
    key = cards.key([(0, "this model", "本模型"), (1, "the other model", "另一模型")]) if others else ""
    note = say(
        "F1 in percent with its 95 % interval (bootstrap over examples); on the right the number of examples.",
        "F1（百分数）及其 95% 置信区间（按样本自助法）；右侧是数量。",
    )
    report = diagnosis.report
    means = {("macro", "宏平均"): report.macro, ("weighted", "加权平均"): report.weighted}
    if report.metric == "f1":
        means = {("micro", "微平均"): report.micro, **means}
    figures = [
        *(_row(safe(label.label), label.scores, label.trained) for label in diagnosis.labels),
        *(_row(f"<span class='soft'>{say(*words)}</span>", mean, None) for words, mean in means.items()),
    ]
    columns = (*_FIGURES, ("support", "数量"), ("in training", "训练中"))
    table = cards.table([cards.head("label", "标签"), *(cards.head(*words, number=True) for words in columns)], figures)
    return cards.card("Scores by label", "各标签得分", cards.figure(charts["scores"], note, key), table, wide=False)


def _row(name: str, figures: Scores, trained: int | None) -> str:
    return (
        f"<td>{name}</td>{cards.shares(figures.precision, figures.recall, figures.f1)}"
        f"{cards.number(figures.support)}{cards.number(trained)}"
    )


def errors(diagnosis: Diagnosis, charts: Charts) -> str:
    """The kinds of wrong entities, and the four ways to score them."""
    ranked = order_to_label(diagnosis)[:_ROWS]
    if diagnosis.pairs is None or not ranked:
        return ""
    charts["errors"] = stacks(
        "errors by label and kind",
        [
            (figures.label, [(figures.kinds.get(kind, 0), _COLOURS[kind], KINDS[kind][0]) for kind in WRONG])
            for figures in ranked
        ],
    )
    key = cards.key([(_COLOURS[kind], *KINDS[kind]) for kind in WRONG])
    borders = Counter(str(pair.border) for its in diagnosis.pairs for pair in its if pair.kind == "borders")
    english, chinese = ([f"{words[side]} {borders[name]:,}" for name, words in BORDERS.items()] for side in (0, 1))
    note = say(f"Wrong borders: {', '.join(english)}.", f"边界错误：{'，'.join(chinese)}。")
    table = cards.table(
        [cards.head("counted as right", "何为正确"), *(cards.head(*words, number=True) for words in _FIGURES)],
        [
            f"<td>{say(*SCHEMES[name])} <span class='soft'>{name}</span></td>"
            f"{cards.shares(scores.precision, scores.recall, scores.f1)}"
            for name, scores in diagnosis.schemes.items()
        ],
    )
    return cards.card("Kinds of errors", "错误类型", cards.figure(charts["errors"], note, key), table, wide=False)


def confused(diagnosis: Diagnosis, charts: Charts) -> str:
    """What is taken for what."""
    if diagnosis.confusion is None:
        return ""
    rows: list[Words] = [figures.label for figures in diagnosis.labels]
    columns = list(rows)
    if diagnosis.pairs is not None:
        rows.append(KINDS["invented"])
        columns.append(KINDS["missed"])
    title = ("Confusion matrix", "混淆矩阵")
    if len(diagnosis.labels) > MATRIX_LIMIT:
        return cards.card(*title, _confusions(rows, columns, diagnosis.confusion))
    charts["confusion"] = matrix("confusion matrix", rows, columns, diagnosis.confusion)
    note = say("Gold in rows, predicted in columns.", "行为标准答案，列为预测。")
    return cards.card(*title, f'<div class="scroll">{cards.figure(charts["confusion"], note)}</div>')


def _confusions(rows: Sequence[Words], columns: Sequence[Words], table: Sequence[Sequence[int]]) -> str:
    """The most frequent pairs that are not right."""
    cells = Counter(
        {
            (row, column): number
            for row, numbers in enumerate(table)
            for column, number in enumerate(numbers)
            if number and row != column
        }
    )
    return cards.table(
        [cards.head("gold", "标准答案"), cards.head("predicted", "预测"), cards.head("times", "次数", number=True)],
        [
            f"<td>{cards.named(rows[row])}</td><td>{cards.named(columns[column])}</td>{cards.number(number)}"
            for (row, column), number in cells.most_common(_CONFUSIONS)
        ],
    )


def thresholds(diagnosis: Diagnosis, charts: Charts) -> str:
    """Precision and recall by the least score."""
    choices = diagnosis.choices
    if len(choices) < 2:
        return ""
    curves = [
        Line(thinned([(choice.min_score, getattr(choice.scores, name)) for choice in choices]), colour)
        for colour, name in enumerate(("precision", "recall", "f1"))
    ]
    charts["thresholds"] = plot(
        "precision, recall and F1 by min score",
        Axis(0, 1, ("min score", "分数阈值"), cards.decimal),
        _SHARE,
        curves,
    )
    best = best_f1(choices)
    value = cards.percent(best.scores.f1)
    note = say(
        f"The best F1 is {value}, with min score {best.min_score:g}.",
        f"阈值为 {best.min_score:g} 时 F1 最高，为 {value}。",
    )
    key = cards.key([(colour, *words) for colour, words in enumerate(_FIGURES)])
    return cards.card(
        "Precision and recall by threshold", "不同阈值的精确率和召回率", cards.figure(charts["thresholds"], note, key)
    )


def calibration(diagnosis: Diagnosis, charts: Charts) -> str:
    """Scores beside how often they are right."""
    if not diagnosis.bins:
        return ""
    most = max(bin_.count for bin_ in diagnosis.bins)
    charts["calibration"] = plot(
        "share of right answers by score",
        Axis(0, 1, ("score", "分数"), cards.decimal),
        _SHARE,
        [Line([(bin_.score, bin_.right) for bin_ in diagnosis.bins], 0, dots=True)],
        bars=[
            Bar(
                bin_.low,
                bin_.high,
                bin_.right,
                bin_.count / most,
                f"{bin_.low:g} – {bin_.high:g}: {bin_.right:.1%} of {bin_.count:,} are right",
            )
            for bin_ in diagnosis.bins
        ],
        diagonal=True,
    )
    error = cards.percent(diagnosis.calibration)
    note = say(
        "How often answers with a score are right, in percent; darker bars have more answers. On the dashed line,"
        f" scores are probabilities. Expected calibration error {error}.",
        f"各分数段中正确的比例（百分数），颜色越深数量越多；落在虚线上表示分数就是概率。期望校准误差 {error}。",
    )
    return cards.card("Calibration", "校准", cards.figure(charts["calibration"], note))


def slices(diagnosis: Diagnosis, charts: Charts) -> list[str]:
    """The scores by length, by whether training had the name, and by how often; those that are known."""

    def sliced(name: str, title: tuple[str, str], cut: Sequence[Slice], words: Callable[[str], Words]) -> str:
        rows: list[tuple[Words, list[Whisker]]] = [
            (words(part.name), [Whisker(part.scores.f1, *part.interval, f"{part.scores.support:,}")]) for part in cut
        ]
        charts[name] = whiskers(f"F1: {title[0]}", rows)
        return cards.card(*title, cards.figure(charts[name], say("F1 in percent", "F1（百分数）")))

    shown = [
        sliced(
            "lengths",
            ("By length of the text in characters", "按文本长度（字符数）"),
            diagnosis.lengths,
            str,
        )
    ]
    if diagnosis.seen:
        what = "Texts" if diagnosis.pairs is None else "Names"
        title = (f"{what} seen in training or not", "训练中是否见过")
        shown.append(sliced("seen", title, diagnosis.seen, SEEN.__getitem__))
    if diagnosis.times:
        title = ("By how often the name is in the training data", "按名称在训练中的次数")
        shown.append(sliced("times", title, diagnosis.times, lambda name: f"{name} ×"))
    return shown
