from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddle_ner.errors import InterruptedRun
from paddle_ner.training import kept as module
from paddle_ner.training.batches import Features
from paddle_ner.training.kept import kept

FEATURES = [Features(np.arange(length), np.zeros(0)) for length in (2, 3, 1)]


def compute(block: Sequence[Features]) -> Any:
    return np.concatenate([window.ids[:, None] * 10 for window in block])


def asked(folder: Path, calls: list[int], stops: bool = False) -> list[Any]:
    def counted(block: Sequence[Features]) -> Any:
        calls.append(len(block))
        return compute(block)

    return kept(
        FEATURES,
        folder,
        counted,
        lambda window: len(window.ids),
        done="somebody has read",
        stop=lambda: stops,
        log=lambda _: None,
    )


@pytest.mark.parametrize("block", [1, 2, 3, 10])
def test_each_window_gets_its_rows_once(block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
    calls: list[int] = []
    for _ in range(2):
        found = asked(tmp_path / "kept", calls)
        assert [values.tolist() for values in found] == [[[0], [10]], [[0], [10], [20]], [[0]]]
    assert sum(calls) == len(FEATURES)


def test_what_is_done_when_it_is_stopped_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 2)
    calls: list[int] = []
    with pytest.raises(InterruptedRun, match="before somebody has read all windows; --resume"):
        asked(tmp_path, calls, stops=True)
    assert calls == [2]
    asked(tmp_path, calls)
    assert calls == [2, 1]


def test_the_processes_of_a_machine_share_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 1)
    np.save(tmp_path / "answers-00000.npy", compute(FEATURES[:1]))  # by the process of rank 0
    np.save(tmp_path / "answers-00002.npy", compute(FEATURES[2:]))
    monkeypatch.setenv("PADDLE_LOCAL_RANK", "1")
    monkeypatch.setenv("PADDLE_LOCAL_SIZE", "2")
    calls: list[int] = []
    assert len(asked(tmp_path, calls)) == 3
    assert calls == [1]
