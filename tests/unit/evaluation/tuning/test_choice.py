"""The fastest way that keeps the score is chosen, in the layout that is best for one text and for many.

Tests `paddle_ner.bundle.measurements` and `paddle_ner.cli.tuning` too.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from paddle_ner.bundle import Candidate, Precision, Tuning
from paddle_ner.cli.tuning import show
from paddle_ner.evaluation.tuning.choice import Tuned, choose, engines_of


def candidate(
    precision: Precision, replicas: int, speed: float, drop: float | None = 0.0, milliseconds: float = 1
) -> Candidate:
    score = None if drop is None else 0.9 - drop
    fields: dict[str, Any] = {"tokens_per_second": 1, "milliseconds": milliseconds, "score": score}
    return Candidate(precision=precision, replicas=replicas, threads=1, texts_per_second=speed, drop=drop, **fields)


FP32 = candidate("fp32", 1, 100)
ORT, BOTH = ["onnxruntime"], ["onnxruntime", "openvino"]


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], ("fp32", 1)),
        ([candidate("bf16", 1, 180, 0.004)], ("bf16", 1)),
        ([candidate("bf16", 1, 180, 0.006)], ("fp32", 1)),
        ([candidate("bf16", 1, 180, -0.02)], ("bf16", 1)),
        ([candidate("bf16", 1, 180, None)], ("fp32", 1)),
        ([candidate("bf16", 1, 180, float("nan"))], ("fp32", 1)),
        ([candidate("bf16", 1, 90)], ("fp32", 1)),
        ([candidate("bf16", 1, 180), candidate("bf16", 2, 300, 0.006)], ("bf16", 1)),
        ([candidate("bf16", 2, 175), candidate("bf16", 1, 120)], ("bf16", 2)),
        ([candidate("fp32", 2, 95), candidate("bf16", 1, 99)], ("fp32", 1)),
    ],
)
def test_the_fastest_within_the_drop_is_chosen(others: list[Candidate], expected: tuple[str, int]) -> None:
    best = choose([FP32, *others], max_drop=0.005)
    assert (best.precision, best.replicas) == expected


@pytest.mark.parametrize(
    ("one_engine", "two_engines", "expected"),
    [
        ((1000, 2), (900, 3), 2),  # a text takes a millisecond: what waits for Python counts
        ((1500, 2), (900, 3), 1),
        ((320, 7), (300, 12), 2),
        ((100, 9), (80, 18), 1),
        ((98, 15), (102, 30), 1),  # slow: a text alone has all cores
        ((98, 15), (112, 30), 2),  # but not at the cost of what all get
    ],
)
def test_the_layout_is_taken_that_serves_most_or_of_a_slow_model_answers_soonest(
    one_engine: tuple[int, int], two_engines: tuple[int, int], expected: int
) -> None:
    found = [
        candidate("fp32", replicas, speed, milliseconds=milliseconds)
        for replicas, (speed, milliseconds) in ((1, one_engine), (2, two_engines))
    ]
    assert choose(found, 0.005).replicas == expected


@pytest.mark.parametrize(
    ("faster", "explained"),
    [
        (candidate("fp32", 1, 1000), True),
        (candidate("int8", 1, 3000, 0.1), False),  # what lost too much of the score speaks for itself
    ],
)
def test_it_is_said_why_the_best_is_not_the_fastest_in_the_table(
    faster: Candidate, explained: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [candidate("fp32", 2, 900), faster]
    best = choose(found, 0.005)
    assert best is found[0]
    fields: dict[str, Any] = {"cpu": "a CPU", "texts": 1, "metric": "f1", "examples": 1, "max_drop": 0.005}
    show(Tuned(best, Tuning(**fields, precision="fp32", replicas=2, threads=1, candidates=found)))
    assert ("best for a server" in capsys.readouterr().out) is explained


def test_without_any_score_the_first_stays() -> None:
    assert choose([candidate("fp32", 1, 100, None), candidate("bf16", 1, 200, None)], 0.005).precision == "fp32"


@pytest.mark.parametrize(
    ("precision", "flags", "onnx", "installed", "expected"),
    [
        ("fp32", {"avx2"}, [], BOTH, ["paddle fp32"]),
        ("bf16", {"avx512f", "avx512_bf16"}, [], BOTH, ["paddle fp32", "paddle bf16"]),
        ("fp32", {"amx_bf16"}, [], [], ["paddle fp32", "paddle bf16"]),
        ("int8", {"avx512_bf16"}, [], BOTH, ["paddle int8"]),
        ("fp32", {"avx2"}, ["fp32", "int8"], ORT, ["paddle fp32", "onnxruntime fp32", "onnxruntime int8"]),
        ("int8", {"avx2"}, ["fp32", "int8"], ORT, ["paddle int8", "onnxruntime fp32", "onnxruntime int8"]),
        ("fp32", {"avx2"}, ["fp32"], BOTH, ["paddle fp32", "onnxruntime fp32", "openvino fp32"]),
        ("int8", {"amx_bf16"}, ["fp32"], ["openvino"], ["paddle int8", "openvino fp32", "openvino bf16"]),
        ("fp32", {"avx2"}, ["fp32", "int8"], ["openvino"], ["paddle fp32", "openvino fp32", "openvino int8"]),
        ("fp32", {"avx2"}, ["fp32", "int8"], [], ["paddle fp32"]),
    ],
)
def test_what_is_measured_follows_from_the_graphs_the_cpu_and_what_is_installed(
    precision: str, flags: set[str], onnx: list[str], installed: list[str], expected: list[str]
) -> None:
    manifest: Any = SimpleNamespace(precision=precision, onnx_files=dict.fromkeys(onnx, "file"))
    found = engines_of(manifest, frozenset(flags), installed)
    assert [f"{options.engine} {options.precision}" for options in found] == expected
