"""A student learns from a teacher, in processes of its own: with and without labels, interrupted, from pruned weights."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import sentences
from safetensors.numpy import load_file

from paddle_ner import bundle, data
from paddle_ner.config import Config
from paddle_ner.errors import InputError
from paddle_ner.inference import load
from paddle_ner.training import train
from paddle_ner.training.teacher import student_recipe

SMALL = ["model.encoder.hidden_size=16", "model.encoder.num_hidden_layers=1", "model.encoder.num_attention_heads=2"]


def recipe(teacher: Path, *overrides: str, **options: Any) -> Config:
    return student_recipe(None, "", teacher, overrides=overrides, **options)


def weights(run: Path) -> dict[str, Any]:
    return load_file(run / "checkpoint" / "model.safetensors")


def test_a_student_of_its_own_size_learns_from_answers_alone(checkpoint: Path, tmp_path: Path) -> None:
    """Its labelled texts are few and their labels do not count: what it knows, it has from the teacher's answers."""
    labelled = data.write(tmp_path / "few.jsonl", sentences(4, seed=9))
    assert labelled == 4
    texts = tmp_path / "texts.txt"
    texts.write_text("".join(f"{example.text}\n" for example in sentences(200, seed=3)), encoding="utf-8")
    few = ["data.train={path: few.jsonl, format: jsonl}", f"data.root={tmp_path}", f"data.dev={dev(checkpoint)}"]
    student = recipe(
        checkpoint, *few, *SMALL, "distillation.weight=1", "training.learning_rate=0.02", texts=[texts]
    )
    trained = train(student, tmp_path / "run")
    assert trained.score > 0.9
    card = bundle.read_card(trained.checkpoint)
    assert card.recipe["distillation"]["teacher_sha256"] == bundle.sha256(checkpoint / "model.safetensors")
    assert load(trained.checkpoint)("张伟昨天去了广州。").entities
