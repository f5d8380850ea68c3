"""A student learns from a teacher, in processes of its own: with labels and without, interrupted, from pruned ones.

Tests `paddle_ner.cli.distill`, `paddle_ner.training.answers`, `paddle_ner.training.student`,
`paddle_ner.training.teacher` and `paddle_ner.training.jobs.distillation` too.
"""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from safetensors.numpy import load_file

from paddle_ner import bundle, data
from paddle_ner.compression.transforms.pruning import Cut, prune
from paddle_ner.config import Config
from paddle_ner.errors import InputError
from paddle_ner.files import sha256
from paddle_ner.modeling import Checkpoint, structure
from paddle_ner.modeling.checkpoint import write_checkpoint
from paddle_ner.training import train
from paddle_ner.training.teacher import student_config
from tests.integration.small_models import sentences

TINY = tuple(
    f"model.encoder.{field}={value}"
    for field, value in {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
    }.items()
)


def weights(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = load_file(run / "checkpoint" / "model.safetensors")
    return found


def student(teacher: Path, *overrides: str, **options: Any) -> Config:
    return student_config(None, "", teacher, overrides=overrides, **options)


def hard_labels(folder: Path) -> tuple[str, ...]:
    """Overrides for training data of four sentences, far too few to learn the task from."""
    data.write(folder / "few.jsonl", sentences(4, seed=9))
    return (f"data.train={{path: {folder / 'few.jsonl'}, format: jsonl}}", "training.learning_rate=0.02")


def test_a_student_of_another_size_learns_from_unlabelled_text(checkpoint: Path, tmp_path: Path) -> None:
    with gzip.open(tmp_path / "texts.txt.gz", "wt", encoding="utf-8") as stream:
        stream.writelines(f"{example.text}\n" for example in sentences(200, seed=3))
    overrides = (*TINY, *hard_labels(tmp_path), "distillation.weight=1", "training.epochs=20")
    config = student(checkpoint, *overrides, texts=[tmp_path / "texts.txt.gz"])
    trained = train(config, tmp_path / "run")
    alone = train(student(checkpoint, *overrides), tmp_path / "alone")
    assert trained.score > 0.9
    assert alone.score < trained.score
    manifest = bundle.read_checkpoint_manifest(trained.checkpoint)
    assert manifest.config["distillation"]["teacher_sha256"] == sha256(checkpoint / "model.safetensors")
    assert bundle.load_tokenizer(trained.checkpoint) == bundle.load_tokenizer(checkpoint)


def test_two_processes_ask_the_teacher_together_and_end_the_same(checkpoint: Path, tmp_path: Path) -> None:
    config = student(checkpoint, "training.epochs=1", "model.encoder.intermediate_size=32", layers=[0])
    train(config, tmp_path / "run", devices="cpu:2")
    said = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text("utf-8").splitlines()]
    (done,) = (event for event in said if event["event"] == "done")
    assert len(done["checksums"]) == 2
    assert len(set(done["checksums"])) == 1


def test_an_interrupted_distillation_ends_as_an_uninterrupted_one(checkpoint: Path, tmp_path: Path) -> None:
    pace = ("training.max_steps=30", "training.evaluate_every=5")
    train(student(checkpoint, *TINY, *pace), tmp_path / "whole")
    output = tmp_path / "run"
    line = [sys.executable, "-m", "paddle_ner", "distill", "--teacher", str(checkpoint), "-o", str(output)]
    line += [part for override in (*TINY, *pace) for part in ("--set", override)]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    events = output / "events.jsonl"
    while not (events.exists() and '"step": 7,' in events.read_text("utf-8")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate()
    assert process.returncode == 130, said
    asked = {path: path.stat().st_mtime_ns for path in (output / "teacher").rglob("*.npy")}
    assert asked
    resumed = subprocess.run([*line, "--resume"], capture_output=True, text=True)
    assert resumed.returncode == 0, resumed.stderr
    assert {path: path.stat().st_mtime_ns for path in (output / "teacher").rglob("*.npy")} == asked
    expected, found = weights(tmp_path / "whole"), weights(output)
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_what_was_pruned_stays_zero_while_the_rest_learns(checkpoint: Path, tmp_path: Path) -> None:
    examples = sentences(40, seed=5)
    prune(Checkpoint.open(checkpoint), examples, Cut(heads=0.5, units=0.5)).write(tmp_path / "pruned")
    # A feed-forward unit without weights answers relu(0) = 0 and never learns; of softplus(0) > 0 it would.
    path = tmp_path / "pruned" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "hidden_act": "softplus"}), "utf-8")
    bundle.write_manifest(tmp_path / "pruned", bundle.read_checkpoint_manifest(tmp_path / "pruned"))
    config = student(checkpoint, "training.max_steps=8", start=tmp_path / "pruned")
    trained = train(config, tmp_path / "run")
    before, after = load_file(tmp_path / "pruned" / "model.safetensors"), weights(tmp_path / "run")
    model = Checkpoint.open(trained.checkpoint).model
    ((head, other),) = structure.heads(model)
    assert structure.is_zero(head, after) != structure.is_zero(other, after)
    (units,) = structure.units(model)
    assert sum(structure.is_zero(unit, after) for unit in units) == len(units) // 2
    assert all((before[name] != after[name]).any() for name in before if name.endswith("linear2.weight"))
    assert all(not after[name][~before[name].astype(bool)].any() for name in before if name.endswith("linear2.weight"))


def test_a_student_begins_with_the_layers_and_units_of_its_teacher(tmp_path: Path) -> None:
    from paddle_ner import modeling, tasks
    from paddle_ner.config import parse
    from paddle_ner.features.tokenizer import Tokenizer
    from paddle_ner.training.student import build_student

    paddle.seed(1)
    task, tokenizer = tasks.create("ner", ["LOC"]), Tokenizer.characters(["北京上海"])
    encoder = {"hidden_size": 8, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 12}
    teacher = modeling.build(
        "token",
        task.num_outputs,
        config={**encoder, "max_position_embeddings": 16},
        vocab_size=tokenizer.vocabulary_size,
        pad_token_id=0,
    )
    theirs = {name: value.numpy() for name, value in teacher.named_parameters()}
    # Units 2 and 5 of the last layer are the only large ones.
    layer = teacher.ernie.encoder.layers[2]
    scale = np.full(12, 0.01, dtype=np.float32)
    scale[[2, 5]] = 1
    layer.linear2.weight.set_value(layer.linear2.weight.numpy() * scale[:, None])
    config = parse(
        {
            "name": "x",
            "task": {"type": "ner"},
            "data": {"train": "x"},
            "window": {"size": 16, "overlap": 4},
            "model": {"encoder": {"intermediate_size": 2}},
            "distillation": {"teacher": "x", "start": "teacher", "layers": [0, 2]},
        },
        "config",
    )
    manifest = bundle.Manifest(name="x", task=task.spec(), window=config.window)
    write_checkpoint(tmp_path / "teacher", teacher, tokenizer, manifest)
    model = build_student(config, task, Checkpoint.open(tmp_path / "teacher"))
    ours = {name: value.numpy() for name, value in model.named_parameters()}
    assert len(structure.encoder_layers(model)) == 2
    prefix = "ernie.encoder.layers"
    np.testing.assert_array_equal(
        ours[f"{prefix}.1.self_attn.q_proj.weight"], theirs[f"{prefix}.2.self_attn.q_proj.weight"]
    )
    np.testing.assert_array_equal(ours["classifier.weight"], theirs["classifier.weight"])
    np.testing.assert_array_equal(ours[f"{prefix}.1.linear1.weight"], theirs[f"{prefix}.2.linear1.weight"][:, [2, 5]])
    np.testing.assert_array_equal(ours[f"{prefix}.1.linear2.weight"], theirs[f"{prefix}.2.linear2.weight"][[2, 5]])


@pytest.mark.parametrize(
    ("options", "overrides", "message"),
    [
        ({}, ("task.labels=[PER, LOC]",), "task, labels and their order must be the same"),
        ({}, ("distillation.teacher_sha256=abc",), "is not the teacher that this config names"),
        ({"layers": [3]}, (), "the teacher has layers 0 to 0, not 3"),
        ({"layers": [0]}, ("model.encoder.hidden_size=8",), "hidden_size is 8, but the teacher"),
        ({}, (), "model.encoder: is empty"),
        ({"start": Path("nowhere")}, (), "nowhere is no checkpoint"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(
    checkpoint: Path, tmp_path: Path, options: dict[str, Any], overrides: tuple[str, ...], message: str
) -> None:
    from paddle_ner.errors import PaddleNerError

    with pytest.raises(PaddleNerError, match=message) as raised:
        train(student(checkpoint, *overrides, **options), tmp_path / "run")
    assert "\n" not in str(raised.value)


def test_without_config_or_teacher_it_says_what_is_missing() -> None:
    with pytest.raises(InputError, match="nothing to distill"):
        student_config(None, "", None)
    with pytest.raises(InputError, match="exclude each other"):
        student_config(None, "", Path("x"), layers=[0], start=Path("y"))
