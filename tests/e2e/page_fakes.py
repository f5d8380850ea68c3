"""Models in memory whose answers follow rules, so that a test of the page knows what the page must show."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_ner.features.windows import Encoded, Window
from paddle_ner.inference.engines import EngineInfo
from paddle_ner.inference.planning import padded_length
from paddle_ner.serving import Settings
from paddle_ner.tasks.decoding import create
from paddle_ner.tasks.min_score import keep
from paddle_ner.types import Entity, Prediction

POISON = "☠"
NAMES = {
    "PER": ("王小明", "李娜", "古特雷斯", "任正非", "𠮷野家光"),
    "LOC": ("北京", "上海市", "日内瓦", "深圳", "杭州", "宁波", "钱塘江"),
    "ORG": ("北京大学", "上海市人民政府", "外交部", "联合国", "华为公司", "新华社"),
}
LABELS = ("PER", "LOC", "ORG", "TIME")
CLASSES = ("体育", "财经", "酒店", "科技")
_WORDS = {"体育": "国足胜利", "财经": "央行金率", "酒店": "房间服务", "科技": "新款显卡"}


class _RuleModel:
    """One window a text, whose logits say nothing; `answer` follows the rule."""

    info = EngineInfo("fake", "cpu", "fp32", 1)
    version = "0123456789ab"
    examples: tuple[str, ...] = (
        "王小明毕业于北京大学，现任职于上海市人民政府。",
        "外交部发言人昨天在日内瓦会见了联合国秘书长古特雷斯。",
        "华为公司在深圳发布新款手机，任正非出席了发布会。😀",
    )

    def __init__(self, task: str, labels: Sequence[str], *, overlapping: bool = False) -> None:
        self.decoding = create(task, labels, overlapping=overlapping)

    def warm_up(self) -> None:
        pass

    def encode(self, text: str) -> Encoded:
        size = min(len(text), 32)
        offsets = np.stack([np.arange(size), np.arange(1, size + 1)], axis=1)
        ids = np.array([0, *(ord(character) for character in text[:size]), 0], dtype=np.int64)
        return Encoded(text, offsets, (Window(ids, 0, (0, size)),))

    def padded_length(self, length: int) -> int:
        return padded_length(length)

    def run(self, rows: Sequence[Window]) -> list[dict[str, NDArray[np.float32]]]:
        if any(ord(POISON) in row.ids for row in rows):
            raise RuntimeError("the engine cannot compute this")
        return [{"logits": np.zeros((row.length, 3), dtype=np.float32)} for row in rows]

    def decode(self, encoded: Encoded, logits: object, min_score: Mapping[str, float] | None = None) -> Prediction:
        return keep(self.answer(encoded), min_score or {})

    def answer(self, encoded: Encoded) -> Prediction:
        raise NotImplementedError


class NamesModel(_RuleModel):
    """NER by a list of names, the longest first; a name of LOC scores less than the others."""

    def __init__(self, *, overlapping: bool = False) -> None:
        super().__init__("ner", LABELS, overlapping=overlapping)
        labels = {name: label for label, names in NAMES.items() for name in names}
        self._labels = labels
        self._pattern = re.compile("|".join(sorted(labels, key=len, reverse=True)))

    def answer(self, encoded: Encoded) -> Prediction:
        text = encoded.text
        found = [(*match.span(), self._labels[match[0]]) for match in self._pattern.finditer(text)]
        return Prediction(
            text,
            entities=tuple(
                Entity.of(text, start, end, label, 0.914 if label == "LOC" else 0.9987) for start, end, label in found
            ),
        )


class NestedModel(NamesModel):
    """The same with each name of the list, those that stand in another one too."""

    def __init__(self) -> None:
        super().__init__(overlapping=True)

    def answer(self, encoded: Encoded) -> Prediction:
        text = encoded.text
        found = [(*match.span(), label) for name, label in self._labels.items() for match in re.finditer(name, text)]
        return Prediction(text, entities=tuple(Entity.of(text, *place, 0.9) for place in sorted(found)))


class TopicsModel(_RuleModel):
    """Topics by the characters of a text: one of them, or with `several` each that has two."""

    def __init__(self, several: bool) -> None:
        super().__init__("multi-label" if several else "classification", CLASSES)
        self._several = several

    def answer(self, encoded: Encoded) -> Prediction:
        hits = {label: sum(character in encoded.text for character in words) for label, words in _WORDS.items()}
        total = sum(hits.values()) + 1
        scores = {label: (min(0.3 * n, 0.97) if self._several else (n + 0.25) / total) for label, n in hits.items()}
        scores = dict(sorted(scores.items(), key=lambda pair: -pair[1]))
        if self._several:
            labels = tuple(label for label, score in scores.items() if score >= 0.5)
            return Prediction(encoded.text, labels=labels, scores=scores)
        return Prediction(encoded.text, label=next(iter(scores)), scores=scores)


def load(path: Path, settings: Settings) -> list[_RuleModel]:
    """The loader of a server over these models: what a bundle is called says which."""
    if path.name == "topics":
        return [TopicsModel(several=False)]
    return [TopicsModel(several=True) if path.name == "tags" else NamesModel()]
