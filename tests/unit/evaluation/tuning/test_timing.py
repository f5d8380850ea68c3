from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from weakref import WeakSet

import pytest

from paddle_ner.bundle import Precision
from paddle_ner.evaluation.tuning import timing
from paddle_ner.evaluation.tuning.timing import measure
from paddle_ner.inference.engines import ENGINES, EngineOptions
from paddle_ner.inference.layout import Layout
from paddle_ner.inference.predictor import Predictor

WAYS: tuple[tuple[str, Precision], ...] = (("paddle", "fp32"), ("paddle", "bf16"), ("openvino", "bf16"))
ENGINE_OPTIONS = [EngineOptions(engine, precision=precision) for engine, precision in WAYS]
LAYOUTS = [Layout(1, 2), Layout(2, 1)]


class Fake:
    """A predictor that answers at once."""

    outputs = Predictor.outputs

    def encode(self, text: str) -> Any:
        return SimpleNamespace(windows=[SimpleNamespace(length=len(text))])

    def run(self, rows: list[Any]) -> list[int]:
        return [row.length for row in rows]

    def decode(self, encoded: Any, logits: list[int]) -> int:
        return sum(logits)

    def __call__(self, text: str) -> object:
        return Predictor.__call__(cast(Predictor, self), [text])


@pytest.fixture
def most(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many predictors there were each time that some were opened."""
    living: WeakSet[Fake] = WeakSet()
    counts: list[int] = []

    def opened(folder: Path, manifest: object, options: object, layout: Layout) -> list[Fake]:
        made = [Fake() for _ in range(layout.replicas)]
        living.update(made)
        counts.append(len(living))
        return made

    monkeypatch.setattr(timing, "open_predictors", opened)
    monkeypatch.setattr(timing, "verify", lambda folder: None)
    return counts


def test_an_engine_whose_clones_take_turns_is_timed_alone(most: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    alone = dataclasses.replace(ENGINES["openvino"], replicas=False)
    monkeypatch.setattr(timing, "ENGINES", {**ENGINES, "openvino": alone})
    speeds = measure(Path(), ["江川"], ENGINE_OPTIONS, LAYOUTS, rounds=1)
    expected = [(options, layout) for options in ENGINE_OPTIONS for layout in LAYOUTS]
    assert list(speeds) == [pair for pair in expected if pair != (ENGINE_OPTIONS[-1], LAYOUTS[1])]


def test_every_engine_is_timed_in_every_layout_and_only_one_is_in_memory(most: list[int]) -> None:
    passes: list[None] = []
    speeds = measure(Path(), ["江川", "卢和红"], ENGINE_OPTIONS, LAYOUTS, rounds=2, advance=lambda: passes.append(None))
    assert list(speeds) == [(options, layout) for options in ENGINE_OPTIONS for layout in LAYOUTS]
    assert len(passes) == 3 * len(ENGINE_OPTIONS) * len(LAYOUTS)
    assert max(most) == sum(layout.replicas for layout in LAYOUTS)
