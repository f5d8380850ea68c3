"""What another distribution brings, used by name on the command line: a head and an augmentation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from tests.integration.small_models import config_file, small_config

HEADS = "crf, sequence, sequence-mean, span, token"
TEXT = "王小明昨天去了北京。"
# Two layers instead of one, and a second output: how sure it is of each token.
SOURCE = """
from paddle_ner.modeling.heads import Head


def layers(encoder, num_outputs):
    import paddle

    size = encoder.config.hidden_size
    return {"hidden": paddle.nn.Linear(size, size), "classifier": paddle.nn.Linear(size, num_outputs)}


def forward(model, tokens, pooled):
    logits = model.classifier(model.hidden(tokens).tanh())
    return {"certainty": logits.max(axis=-1, keepdim=True), "logits": logits}


HEAD = Head(name="deep", answers="token", outputs=("logits", "certainty"), layers=layers, forward=forward)
"""

AUGMENTATION = """
from paddle_ner.training.augmentation import Augmentation
from paddle_ner.types import Entity, Example


def make(examples, share, seed):
    some = examples[: int(len(examples) * share)]
    return [Example(f"又{one.text}", entities=tuple(moved(one))) for one in some]


def moved(example):
    for entity in example.entities:
        yield Entity.of(f"又{example.text}", entity.start + 1, entity.end + 1, entity.label)


AUGMENTATION = Augmentation("again", "with a word before them", make, tasks=("ner",))
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of a process in which the distribution is installed: a module, and what pip leaves beside it."""
    root = tmp_path_factory.mktemp("site")
    (root / "deep_head.py").write_text(SOURCE)
    (root / "deep_augmentation.py").write_text(AUGMENTATION)
    metadata = root / "deep_head-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: deep-head\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[paddle_ner.heads]\ndeep = deep_head:HEAD\n"
        "[paddle_ner.augmentations]\nagain = deep_augmentation:AUGMENTATION\n"
    )
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def paddle_ner(environment: dict[str, str], *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "paddle_ner", *arguments]
    return subprocess.run(command, env=environment, input=text, capture_output=True, text=True, timeout=600)


@pytest.fixture(scope="module")
def trained(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that was trained with the head."""
    folder = tmp_path_factory.mktemp("deep")
    config = config_file(folder, small_config(folder))
    named = ("--set", "model.head=deep", "--set", "training.augment.again=0.5")
    done = paddle_ner(environment, "train", str(config), "--output", str(folder / "run"), *named)
    assert done.returncode == 0, done.stderr
    assert "more are made of them, with a word before them (training.augment.again)" in done.stderr
    return folder / "run" / "checkpoint"


@pytest.fixture(scope="module")
def exported(environment: dict[str, str], trained: Path) -> Path:
    """Its bundle."""
    target = trained.parent / "bundle"
    done = paddle_ner(environment, "export", str(trained), "--output", str(target))
    assert done.returncode == 0, done.stderr
    return target


def test_the_checkpoint_holds_its_layers_and_says_its_name(trained: Path) -> None:
    assert "hidden.weight" in load_file(trained / "model.safetensors")
    assert json.loads((trained / "config.json").read_text("utf-8"))["head"] == "deep"


def test_the_bundle_names_its_outputs(exported: Path) -> None:
    assert json.loads((exported / "manifest.json").read_text("utf-8"))["outputs"] == ["logits", "certainty"]


def test_predict_answers_from_the_checkpoint(environment: dict[str, str], trained: Path) -> None:
    done = paddle_ner(environment, "predict", str(trained), text=TEXT + "\n")
    assert done.returncode == 0, done.stderr
    assert [entity["text"] for entity in json.loads(done.stdout)["entities"]] == ["王小明", "北京"]


def test_predict_answers_from_the_bundle_without_the_distribution(exported: Path) -> None:
    done = paddle_ner(dict(os.environ), "predict", str(exported), text=TEXT + "\n")
    assert done.returncode == 0, done.stderr
    assert [entity["text"] for entity in json.loads(done.stdout)["entities"]] == ["王小明", "北京"]


def test_without_the_distribution_the_checkpoint_is_refused_in_one_line(trained: Path) -> None:
    done = paddle_ner(dict(os.environ), "predict", str(trained), text=TEXT + "\n")
    assert (done.returncode, done.stdout) == (2, "")
    message = f"config.json: its head is 'deep', but there are only {HEADS}: install the package that brings it"
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_without_the_distribution_a_training_is_refused_before_it_starts(tmp_path: Path) -> None:
    config = config_file(tmp_path, small_config(tmp_path))
    done = paddle_ner(
        dict(os.environ), "train", str(config), "--output", str(tmp_path / "run"), "--set", "model.head=deep"
    )
    assert done.returncode == 2
    assert f"model.head: head 'deep' is unknown, expected one of {HEADS}" in done.stderr
    assert not (tmp_path / "run" / "checkpoint").exists()
