"""How far the outputs of two models with the same weights differ on the same texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paddle_ner.inference.planning import plan
from paddle_ner.inference.predictor import BATCH_TOKENS, Predictor

TOLERANCE = 1e-4  # largest difference of an output between the static and the dynamic graph

# Short, long, mixed with Latin and digits, rare characters: compared at each export in addition to the given texts.
PROBES = (
    "",
    "好",
    "今天北京天气很好。",
    "2026年11月,张伟在上海浦东机场乘坐CA1858次航班前往London。",
    "ABC-123 ①②③ 😀 ﹏ 𠮷野家 İstanbul",
    "我们在这里写一段比窗口长得多的文字,看看窗口怎样切开,又怎样合在一起。" * 24,
)


def largest_difference(ours: Predictor, theirs: Predictor, texts: Sequence[str]) -> float:
    """The largest difference of a number in any output, without padding; NaN if an output is not a number."""
    windows = [window for text in texts for window in ours.encode(text).windows]
    difference = 0.0
    for batch in plan([window.length for window in windows], BATCH_TOKENS):
        rows = [windows[index] for index in batch]
        for outputs, others in zip(ours.run(rows), theirs.run(rows), strict=True):
            for name, values in outputs.items():
                # np.maximum keeps a NaN, which max() would drop.
                difference = float(np.maximum(difference, np.abs(values - others[name]).max()))
    return difference
