"""The head ``crf`` from its config to a device: every engine answers with the same tags and scores.

Tests `paddle_ner.modeling.heads.crf` too.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import load_file

import paddle_ner
from paddle_ner import data
from paddle_ner.cli.evaluate import command as evaluate
from paddle_ner.cli.train import command as train_command
from paddle_ner.config import load as load_config
from paddle_ner.config import parse
from paddle_ner.errors import InputError
from paddle_ner.export import export
from paddle_ner.export.edge import write_edge
from paddle_ner.training import train
from paddle_ner.types import Prediction
from tests.integration.edge_folders import run_script
from tests.integration.min_score_checks import check_min_score
from tests.integration.onnx_scales import observed_scales
from tests.integration.small_models import config_file, small_config

for package in ("paddle", "paddlenlp", "paddle2onnx", "onnxruntime", "openvino"):
    pytest.importorskip(package)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``run/checkpoint`` that was trained with the head, ``bundle`` with an int8 graph beside it, and ``edge``."""
    folder = tmp_path_factory.mktemp("crf")
    config = config_file(folder, small_config(folder))
    options = [str(config), "--output", str(folder / "run"), "--set", "model.head=crf"]
    done = CliRunner().invoke(train_command, options)
    assert done.exit_code == 0, done.output
    checkpoint, examples = folder / "run" / "checkpoint", data.load(folder / "dev.jsonl")
    export(checkpoint, folder / "exact", onnx=True)
    predictor = paddle_ner.load(folder / "exact")
    rows = [np.array([row.ids]) for example in examples for row in predictor.encode(example.text).windows]
    scales = observed_scales(folder / "exact" / "model.onnx", rows)
    export(checkpoint, folder / "bundle", onnx=True, scales=scales, examples=examples, max_drop=0.02)
    write_edge(checkpoint, folder / "edge", texts(folder), scales=scales, examples=examples, max_drop=0.02)
    return folder


def texts(folder: Path) -> list[str]:
    sentences = [example.text for example in data.load(folder / "dev.jsonl")]
    return [*sentences, "", "".join(sentences), "李" * 60]


def spans(answers: list[Prediction]) -> list[list[tuple[int, int, str]]]:
    return [[(entity.start, entity.end, entity.label) for entity in answer.entities or ()] for answer in answers]


def test_transitions_are_learned_and_stand_in_the_checkpoint(work: Path) -> None:
    transitions = load_file(work / "run" / "checkpoint" / "model.safetensors")["transitions.weight"]
    outside, begin_loc, inside_loc, begin_per = 0, 1, 2, 3
    assert transitions[begin_loc, inside_loc] > 1 > -1 > transitions[begin_loc, begin_per]
    assert transitions[outside, inside_loc] == 0, "what the scheme forbids is not learned"


def test_evaluate_gives_the_dev_score_of_the_training(work: Path) -> None:
    done = CliRunner().invoke(evaluate, [str(work / "run" / "checkpoint"), str(work / "dev.jsonl"), "--json"])
    assert done.exit_code == 0, done.output
    manifest = json.loads((work / "run" / "checkpoint" / "paddle_ner.json").read_text("utf-8"))
    assert json.loads(done.output)["value"] == pytest.approx(manifest["metrics"]["dev"]["value"])
    assert manifest["metrics"]["dev"]["value"] > 0.9


def test_the_bundle_names_both_outputs(work: Path) -> None:
    assert json.loads((work / "bundle" / "manifest.json").read_text("utf-8"))["outputs"] == ["logits", "transitions"]


@pytest.mark.parametrize("engine", ["paddle", "onnxruntime", "openvino"])
def test_every_engine_answers_as_the_checkpoint(work: Path, engine: str) -> None:
    asked = texts(work)
    expected = paddle_ner.load(work / "run" / "checkpoint")(asked)
    found = paddle_ner.load(work / "bundle", engine=engine, precision="fp32")(asked)
    assert spans(found) == spans(expected)
    for one, other in zip(found, expected, strict=True):
        for ours, theirs in zip(one.entities or (), other.entities or (), strict=True):
            assert ours.score == pytest.approx(theirs.score, abs=1e-5)


@pytest.mark.parametrize("model", ["run/checkpoint", "bundle"])
def test_entities_below_the_min_score_are_left_out(work: Path, model: str) -> None:
    check_min_score(work / model, texts(work))


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_int8_keeps_the_transitions_exact(work: Path, engine: str) -> None:
    predictor = paddle_ner.load(work / "bundle", engine=engine, precision="int8")
    (outputs,) = predictor.run(predictor.encode("王小明去了北京").windows)
    learned = load_file(work / "run" / "checkpoint" / "model.safetensors")["transitions.weight"]
    assert np.array_equal(outputs["transitions"], learned.reshape(-1))
    sentences = texts(work)[:-1]
    assert spans(predictor(sentences)) == spans(paddle_ner.load(work / "run" / "checkpoint")(sentences))


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_device_answers_as_the_checkpoint(work: Path, precision: str) -> None:
    asked = texts(work)[:-1]
    given = "".join(json.dumps({"text": text}) + "\n" for text in asked)
    done = run_script(work / "edge", "run.py", "predict", "--precision", precision, given=given)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line)["entities"] for line in done.stdout.splitlines()]
    found = [[(one["start"], one["end"], one["label"]) for one in record] for record in records]
    assert found == spans(paddle_ner.load(work / "run" / "checkpoint")(asked))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model.head": "token"}, "model.head: the student's is token and its teacher's crf"),
        ({"model.head": "crf", "distillation.weight": 1}, "distillation.weight: is 1, but the transitions"),
    ],
)
def test_a_student_that_cannot_learn_from_a_crf_is_refused(
    work: Path, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    record = load_config(work / "config.yaml").model_dump(mode="json", exclude={"window": {"longest"}})
    record["distillation"] = {"teacher": str(work / "run" / "checkpoint")}
    overrides = [f"{name}={value}" for name, value in changes.items()]
    with pytest.raises(InputError, match=message):
        train(parse(record, "config", overrides), tmp_path / "run")


def test_a_student_learns_from_a_teacher_with_the_same_head(work: Path, tmp_path: Path) -> None:
    record = load_config(work / "config.yaml").model_dump(mode="json", exclude={"window": {"longest"}})
    record["distillation"] = {"teacher": str(work / "run" / "checkpoint")}
    assert train(parse(record, "config", ["model.head=crf"]), tmp_path / "run").score > 0.9
    shutil.rmtree(tmp_path / "run")
