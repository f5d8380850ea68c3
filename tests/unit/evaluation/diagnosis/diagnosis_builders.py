"""Examples and answers in a few characters."""

from __future__ import annotations

from paddle_ner.evaluation.diagnosis.items import Item
from paddle_ner.types import Entity, Example, Prediction

TEXT = "王小明在北京大学读书"


def example(*places: tuple[int, int, str], text: str = TEXT) -> Example:
    return Example(text, tuple(Entity.of(text, *place) for place in places), origin="test.jsonl:1")


def answer(*places: tuple[int, int, str, float], text: str = TEXT) -> Prediction:
    return Prediction(text, tuple(Entity.of(text, *place) for place in places))


def item(start: int, end: int, label: str = "A") -> Item:
    return Item(start, end, label)
