"""Which candidates come to the last round, which is taken, and what the manifest says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paddle_ner.bundle.compression import CompressionCandidate, Plan
from paddle_ner.compression.candidates import CandidateBundle
from paddle_ner.compression.last_round import fastest, finalists_of


def candidate(score: float, speedup: float, **plan: Any) -> CandidateBundle:
    precision: Any = "int8" if plan else "bf16"
    record = CompressionCandidate(
        precision=precision, plan=Plan(**plan) if plan else None, score=score, speedup=speedup
    )
    report: Any = None  # nothing of it is looked at here
    return CandidateBundle(record, Path(), report, "")


def test_of_graphs_that_run_alike_the_best_score_comes_to_the_last_round() -> None:
    poor, good = candidate(0.90, 2.1, algorithm="avg"), candidate(0.91, 2.0, algorithm="mse")
    half = candidate(0.80, 1.1)
    assert finalists_of([poor, half, good]) == [half, good]


def test_three_int8_graphs_come_to_the_last_round_the_fastest_first() -> None:
    kinds = [(granularity, operations) for granularity in ("tensor", "channel") for operations in ("weights", "values")]
    bundles = [
        candidate(0.9, speed, granularity=granularity, operations=operations)
        for speed, (granularity, operations) in zip((1.0, 4.0, 2.0, 3.0), kinds, strict=True)
    ]
    assert [finalist.record.speedup for finalist in finalists_of(bundles)] == [4.0, 3.0, 2.0]


@pytest.mark.parametrize(("speeds", "expected"), [((2.0, 1.97), 0.92), ((2.0, 1.9), 0.90), ((1.0, 3.0), 0.92)])
def test_of_those_that_are_as_good_as_fastest_the_best_score_is_taken(
    speeds: tuple[float, float], expected: float
) -> None:
    assert fastest([candidate(0.90, speeds[0]), candidate(0.92, speeds[1])]).record.score == expected
