"""The card that compares two models."""

from __future__ import annotations

from paddle_ner.drawing import cards
from paddle_ner.drawing.marks import safe
from paddle_ner.drawing.page import say
from paddle_ner.evaluation.diagnosis.significance import Comparison, Difference

_TESTS = {
    "mcnemar": ("McNemar's exact test", "McNemar 精确检验"),
    "randomization": ("approximate randomization", "近似随机化检验"),
}
_SURE = 0.05  # a p below which a difference is unlikely to be chance


def compared(comparison: Comparison | None, ours: str, other: str) -> str:
    """Which of two models is better, and on which labels; empty if there is one model. Their names come last."""
    if comparison is None:
        return ""
    columns = ((ours, ours), (other, other), ("difference", "差"), ("95 % interval", "95% 区间"))
    rows = [
        _row(comparison.overall, say("<b>all</b>", "<b>总体</b>")),
        *(
            _row(difference, safe(difference.label))
            for difference in sorted(comparison.by_label, key=lambda difference: difference.ours - difference.other)
        ),
    ]
    table = cards.table([cards.head("label", "标签"), *(cards.head(*words, number=True) for words in columns)], rows)
    verdict = f"<p>{_verdict(comparison, safe(ours), safe(other))}</p>"
    return cards.card("Two models compared", "两个模型的比较", verdict, table)


def _verdict(comparison: Comparison, ours: str, other: str) -> str:
    gap = comparison.overall.ours - comparison.overall.other
    points, p = f"{100 * abs(gap):.2f}", "p &lt; 0.001" if comparison.p < 0.001 else f"p = {comparison.p:.3f}"
    better, worse = (ours, other) if gap >= 0 else (other, ours)
    if comparison.p < _SURE:
        said = (
            f"<b>{better} is better than {worse} by {points} points</b>, and that is unlikely to be chance",
            f"<b>{better} 比 {worse} 高 {points} 个百分点</b>，不太可能是偶然",
        )
    else:
        said = (
            f"<b>The models differ by {points} points, and that may be chance</b>",
            f"<b>两个模型相差 {points} 个百分点，可能只是偶然</b>",
        )
    test = _TESTS[comparison.test]
    return say(
        f"{said[0]} ({test[0]}, {p}). {comparison.only_ours:,} examples are right in {ours} alone,"
        f" {comparison.only_other:,} in {other} alone.",
        f"{said[1]}（{test[1]}，{p}）。只有 {ours} 正确的样本有 {comparison.only_ours:,} 条，"
        f"只有 {other} 正确的有 {comparison.only_other:,} 条。",
    )


def _row(difference: Difference, name: str) -> str:
    low, high = difference.interval
    style = "good" if low > 0 else "bad" if high < 0 else "soft"
    gap = 100 * (difference.ours - difference.other)
    return (
        f"<td>{name}</td>{cards.shares(difference.ours, difference.other)}<td class='number {style}'>{gap:+.2f}</td>"
        f"<td class='number soft'>{100 * low:+.2f} … {100 * high:+.2f}</td>"
    )
