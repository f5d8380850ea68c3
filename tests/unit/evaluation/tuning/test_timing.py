from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from weakref import WeakSet

import pytest

from paddle_ner.evaluation.tuning import timing
from paddle_ner.evaluation.tuning.timing import measure
from paddle_ner.inference.engines import EngineOptions
from paddle_ner.inference.layout import Layout
from paddle_ner.inference.predictor import Predictor

ENGINES = [
    EngineOptions(engine, precision=precision)
    for engine, precision in (("paddle", "fp32"), ("paddle", "bf16"), ("openvino", "bf16"))
]
LAYOUTS = [Layout(1, 2), Layout(2, 1)]


class Fake:
    """A predictor that answers at once."""

    def encode(self, text: str) -> Any:
        return SimpleNamespace(windows=[SimpleNamespace(length=len(text))])

    def run(self, rows: list[Any]) -> list[int]:
        return [row.length for row in rows]

    def decode(self, encoded: Any, logits: list[int]) -> int:
        return sum(logits)

    def __call__(self, text: str) -> object:
        return Predictor.__call__(self, [text])  # type: ignore[call-overload]


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


def test_every_engine_is_timed_in_every_layout_and_only_one_is_in_memory(most: list[int]) -> None:
    passes: list[None] = []
    speeds = measure(Path(), ["江川", "卢和红"], ENGINES, LAYOUTS, rounds=2, advance=lambda: passes.append(None))
    assert list(speeds) == [(options, layout) for options in ENGINES for layout in LAYOUTS]
    assert len(passes) == 3 * len(ENGINES) * len(LAYOUTS)
    assert max(most) == sum(layout.replicas for layout in LAYOUTS)
