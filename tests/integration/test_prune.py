"""`paddle-ner prune` on a trained checkpoint, from a labelled file.

Tests `paddle_ner.cli.prune` too.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paddle_ner import bundle, data
from paddle_ner.cli import main
from paddle_ner.compression.transforms.pruning import Cut, prune
from paddle_ner.evaluation.score import score
from paddle_ner.export import export
from paddle_ner.inference import load
from paddle_ner.modeling import Checkpoint


def test_a_pruned_checkpoint_says_what_was_done_and_answers(
    checkpoint: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target, train = tmp_path / "pruned", checkpoint.parent.parent / "train.jsonl"
    line = ["prune", str(checkpoint), "-o", str(target), "--calibration", str(train), "--calibration-size", "64"]
    capfd.readouterr()
    assert main([*line, "--drop-heads", "0.5", "--drop-units", "0.5", "--json"]) == 0
    said = json.loads(capfd.readouterr().out)
    assert (said["examples"], said["heads"], said["units"]) == (
        64,
        {"before": [2], "after": [1]},
        {"before": [64], "after": [32]},
    )
    manifest = bundle.read_checkpoint_manifest(target)
    assert manifest.transforms == [{key: value for key, value in said.items() if key != "checkpoint"}]
    assert load(target)("张伟昨天去了广州。").entities is not None


def test_what_was_pruned_is_left_out_of_the_bundle_which_answers_as_the_checkpoint(
    checkpoint: Path, tmp_path: Path
) -> None:
    train, dev = (data.load(checkpoint.parent.parent / name) for name in ("train.jsonl", "dev.jsonl"))
    pruned = tmp_path / "pruned"
    prune(Checkpoint.open(checkpoint), train[:64], Cut(heads=0.5, units=0.5)).write(pruned)
    whole, narrow = export(checkpoint, tmp_path / "whole").bundle, export(pruned, tmp_path / "narrow").bundle
    saved = [(folder / "model.pdiparams").stat().st_size for folder in (whole, narrow)]
    # Of hidden size 32: half of four square matrices with biases, 32 units with their rows, columns and biases.
    assert saved[0] - saved[1] == pytest.approx(4 * (4 * 32 * 16 + 3 * 16 + 32 * (2 * 32 + 1)), abs=200)
    expected, _ = score(load(pruned), dev)
    assert score(load(narrow), dev)[0].to_dict() == expected.to_dict()


def test_a_layer_too_many_is_refused_in_one_line(
    checkpoint: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    train = checkpoint.parent.parent / "train.jsonl"
    line = ["prune", str(checkpoint), "-o", str(tmp_path / "x"), "--calibration", str(train), "--drop-layers", "1"]
    capfd.readouterr()
    assert main(line) == 2
    assert "one must stay" in capfd.readouterr().err
    assert not (tmp_path / "x").exists()
