"""A candidate that crashes, hangs or fails is one error; the next one gets a worker that lives."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from paddle_ner.bundle.compression import Plan
from paddle_ner.compression.quantization.quantizer import CandidateFailed, Quantizer

# Stands in for PaddleSlim: does what the algorithm's name has been given to mean here.
WORKER = """
import json, os, sys, time
print("{}", flush=True)
for line in sys.stdin:
    job = json.loads(line)
    does = job["plan"]["algorithm"]
    if does == "KL":
        sys.stderr.write("C++ Traceback\\nFatal error\\n")
        sys.stderr.flush()
        os.abort()
    if does == "mse":
        time.sleep(60)
    if does == "emd":
        print(json.dumps({"error": "ValueError: no scale"}), flush=True)
        continue
    os.makedirs(job["target"])
    open(os.path.join(job["target"], "made-by"), "w").write(str(os.getpid()))
    print("{}", flush=True)
"""


@pytest.fixture
def quantizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Quantizer:
    monkeypatch.setattr("paddle_ner.compression.quantization.quantizer._COMMAND", [sys.executable, "-c", WORKER])
    return Quantizer(tmp_path / "checkpoint", tmp_path)


def make(quantizer: Quantizer, folder: Path, algorithm: str, seconds: float = 30) -> str:
    quantizer.quantize(Plan.model_validate({"algorithm": algorithm}), folder / "rows.npz", folder / algorithm, seconds)
    return (folder / algorithm / "made-by").read_text()


def test_one_worker_makes_several(quantizer: Quantizer, tmp_path: Path) -> None:
    with quantizer:
        assert make(quantizer, tmp_path, "avg") == make(quantizer, tmp_path, "hist")


def test_a_crash_is_told_with_its_last_words_and_the_next_one_works(quantizer: Quantizer, tmp_path: Path) -> None:
    with quantizer:
        with pytest.raises(
            CandidateFailed, match=r"the worker ended: killed by SIGABRT: C[+]{2} Traceback Fatal error"
        ):
            make(quantizer, tmp_path, "KL")
        assert make(quantizer, tmp_path, "avg")


def test_one_that_hangs_is_ended(quantizer: Quantizer, tmp_path: Path) -> None:
    with quantizer:
        with pytest.raises(CandidateFailed, match="no answer within 2 s"):
            make(quantizer, tmp_path, "mse", seconds=2)
        assert make(quantizer, tmp_path, "avg")


def test_an_error_leaves_the_worker_alive(quantizer: Quantizer, tmp_path: Path) -> None:
    with quantizer:
        before = make(quantizer, tmp_path, "avg")
        with pytest.raises(CandidateFailed, match="ValueError: no scale"):
            make(quantizer, tmp_path, "emd")
        assert make(quantizer, tmp_path, "hist") == before
