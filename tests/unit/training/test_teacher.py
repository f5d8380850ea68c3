from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from paddle_ner import bundle
from paddle_ner.training.teacher import student_config


def test_a_student_learns_as_its_teacher_did_but_for_what_was_of_the_teachers_encoder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = {
        "name": "t",
        "task": {"type": "ner"},
        "data": {"train": "x"},
        "model": {"pretrained": "starter"},
        "training": {"layer_decay": 0.9, "freeze": "embeddings", "r_drop": 4.0, "epochs": 7},
    }
    manifest = SimpleNamespace(config=config, name="t")
    monkeypatch.setattr(bundle, "read_checkpoint_manifest", lambda folder: manifest)
    training = student_config(None, "", Path("t")).training
    assert (training.layer_decay, training.freeze, training.r_drop, training.epochs) == (None, None, 4.0, 7)
    asked = student_config(None, "", Path("t"), overrides=["training.freeze=embeddings"])
    assert asked.training.freeze == "embeddings"
