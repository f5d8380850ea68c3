"""The techniques of ``training``, in processes of their own: two train as one does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from paddle_ner.config import Config, parse
from paddle_ner.errors import InputError
from paddle_ner.training import train
from tests.integration.small_models import small_config

PACE = {"max_steps": 6, "evaluate_every": 3, "log_every": 1, "max_grad_norm": 0.0, "augment": {"replace": 0.3}}
ASKED: dict[str, Any] = {
    "head_rate": 5.0,
    "ema": 0.9,
    "adversarial": 0.5,
    "r_drop": 2.0,
    "class_weights": "balanced",
    "focal": 1.0,
}


def config_of(folder: Path, batch: int, **training: Any) -> Config:
    folder.mkdir()
    whole = small_config(folder, **PACE, batch_size=batch, **training).model_dump(mode="json")
    whole["model"]["encoder"].update(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    return parse(whole, "config")


def test_two_processes_learn_as_one_does(tmp_path: Path) -> None:
    train(config_of(tmp_path / "one", 16, **ASKED), tmp_path / "one" / "run")
    train(config_of(tmp_path / "two", 8, accumulation=2, **ASKED), tmp_path / "two" / "run", devices="cpu:2")
    said = (tmp_path / "two" / "run" / "events.jsonl").read_text("utf-8").splitlines()
    (done,) = (event for event in map(json.loads, said) if event["event"] == "done")
    assert len(done["checksums"]) == 2 and len(set(done["checksums"])) == 1
    first, second = (tmp_path / name / "run" / "state" / "step-6" for name in ("one", "two"))
    # Adam's first moment is a mean of gradients: a lost or doubled factor between the processes would show in it.
    one, other = (load_file(state / "optimizer.safetensors") for state in (first, second))
    moments = [name for name in one if "moment1" in name]
    assert moments
    for name in moments:
        assert np.linalg.norm(other[name] - one[name]) <= 0.05 * np.linalg.norm(one[name]) + 1e-6
    one, other = (load_file(state / "average.safetensors") for state in (first, second))
    for name in one:
        np.testing.assert_allclose(other[name], one[name], atol=2e-3)


def test_a_technique_that_does_not_fit_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"training\.freeze: "):
        train(config_of(tmp_path / "one", 16, freeze="encoder"), tmp_path / "run")
    assert not (tmp_path / "run").exists()
