from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from paddle_ner.cli import evaluate, main
from paddle_ner.tasks.decoding import create
from paddle_ner.types import Entity, Prediction

TEXT = "王小明在北京"


class Answers:
    """Gives each text the same entities where a real model would be slow; what is tested is the report of them."""

    def __init__(self, task: str, min_score: Any) -> None:
        self.decoding, self.min_score = create(task, ["LOC", "PER"]), min_score

    def __call__(self, texts: Sequence[str]) -> list[Prediction]:
        if self.decoding.name != "ner":
            return [Prediction(text, label="PER", scores={"PER": 0.9, "LOC": 0.1}) for text in texts]
        found = ((0, 3, "PER", 0.9), (4, 6, "LOC", 0.5), (4, 5, "LOC", 0.002))
        return [Prediction(text, tuple(Entity.of(text, *place) for place in found)) for text in texts]


@pytest.fixture(autouse=True)
def _loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(model: Path, min_score: Any = None, **_: Any) -> Answers:
        return Answers("classification" if model.name == "classes" else "ner", min_score)

    monkeypatch.setattr(evaluate, "load", load)
    monkeypatch.setattr(evaluate, "read_checkpoint_manifest", lambda model: None)


def run(capsys: pytest.CaptureFixture[str], folder: Path, model: str, *options: str) -> tuple[int, str, str]:
    gold = [{"start": 0, "end": 3, "label": "PER"}, {"start": 4, "end": 6, "label": "LOC"}]
    record = {"text": TEXT, "label": "PER"} if model == "classes" else {"text": TEXT, "entities": gold}
    (folder / "dev.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    status = main(["evaluate", model, str(folder / "dev.jsonl"), *options])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_min_score_of_the_best_f1_stands_below_the_figures(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, out, _ = run(capsys, tmp_path, "model")
    assert status == 0 and out.startswith("F1 80.00 % over 1 examples\n")
    best = "best F1 100.00 %, precision 100.00 %, recall 100.00 %, with --min-score 0.3"
    assert out.splitlines()[-1] == best
    status, out, _ = run(capsys, tmp_path, "model", "--at-precision", "0.6")
    lines = out.splitlines()
    assert lines[-2] == best
    assert lines[-1] == (
        "precision of at least 60 %: F1 80.00 %, precision 66.67 %, recall 100.00 %, with --min-score 0"
    )


def test_the_report_in_json_has_both(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    figures = {"precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 2}
    report = json.loads(run(capsys, tmp_path, "model", "--json")[1])
    assert report["value"] == 0.8 and report["min_score"] == {"best_f1": {"min_score": 0.3, **figures}}
    report = json.loads(run(capsys, tmp_path, "model", "--json", "--at-precision", "0.95")[1])
    assert report["min_score"]["at_precision"] == {"wanted": 0.95, "min_score": 0.3, **figures}


def test_with_a_min_score_none_is_looked_for(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "best F1" not in run(capsys, tmp_path, "model", "--min-score", "0.5")[1]
    status, out, error = run(capsys, tmp_path, "model", "--min-score", "0.5", "--at-precision", "0.9")
    assert (status, out, error) == (2, "", "error: --at-precision looks for a min score: leave out --min-score\n")


def test_classes_have_no_min_score(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert set(json.loads(run(capsys, tmp_path, "classes", "--json")[1])) >= {"value", "confusion"}
    assert "min_score" not in run(capsys, tmp_path, "classes", "--json")[1]
    status, out, error = run(capsys, tmp_path, "classes", "--at-precision", "0.9")
    assert (status, out) == (2, "")
    assert error == "error: --at-precision is for models that find entities, classes gives classes\n"


def test_the_labelled_file_is_not_written_over(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, _, error = run(capsys, tmp_path, "model", "--predictions", str(tmp_path / "dev.jsonl"))
    assert status == 2 and "is the file that is read; name another output" in error


def test_a_report_is_written_beside_the_figures(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, error = run(
        capsys, tmp_path, "model", "--report", f"{tmp_path}/report", "--train", f"{tmp_path}/dev.jsonl"
    )
    assert status == 0 and out.startswith("F1 80.00 %") and f"report: {tmp_path}/report/index.html" in error
    figures = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert (figures["model"], figures["data"], figures["repeated"]) == ("model", f"{tmp_path}/dev.jsonl", 1)
    assert [(one["name"], one["scores"]["recall"]) for one in figures["seen"]] == [("seen", 1.0), ("unseen", 0.0)]
    assert "北京" in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")


def test_a_folder_of_something_else_is_refused_before_anything_is_scored(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    status, out, error = run(capsys, tmp_path, "model", "--report", f"{tmp_path}/mine")
    assert (status, out) == (2, "") and "holds something else than a report" in error


def test_a_report_says_where_training_is_not_known(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Manifest:
        config: ClassVar[dict[str, str]] = {}

    monkeypatch.setattr(evaluate, "read_checkpoint_manifest", lambda model: Manifest)
    status, _, error = run(capsys, tmp_path, "model", "--report", f"{tmp_path}/report")
    assert status == 0 and "--train FILE adds that: model: its manifest holds no config" in error
    assert json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))["seen"] == []


def test_another_model_is_compared(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, _ = run(capsys, tmp_path, "model", "--against", "model")
    assert status == 0 and out.splitlines()[-1] == (
        "+0.00 points to model (95 % interval +0.00 to +0.00, p = 1.0000 by approximate randomization)"
    )
    report = json.loads(run(capsys, tmp_path, "classes", "--against", "classes", "--json")[1])
    assert (report["comparison"]["test"], report["comparison"]["p"]) == ("mcnemar", 1.0)


def test_a_model_of_another_task_is_not_compared(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, error = run(capsys, tmp_path, "model", "--against", "classes")
    assert (status, out) == (2, "") and "--against classes: a model for classification, but model is for ner" in error


def test_training_data_are_for_a_report(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, error = run(capsys, tmp_path, "model", "--train", f"{tmp_path}/dev.jsonl")
    assert (status, out) == (2, "") and error.startswith("error: --train is for the page of a report")
