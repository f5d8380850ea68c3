"""The head ``span``: entities inside others and across them, from a file to every engine, a server, a device.

Tests `paddle_ner.modeling.heads.span` too.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
import pytest
from click.testing import CliRunner

import paddle_ner
from paddle_ner import data
from paddle_ner.cli import main
from paddle_ner.cli.evaluate import command as evaluate
from paddle_ner.config import load as load_config
from paddle_ner.config import parse
from paddle_ner.data import ReadOptions
from paddle_ner.errors import DataError, InputError
from paddle_ner.export import export
from paddle_ner.export.edge import write_edge
from paddle_ner.training import train
from paddle_ner.types import Entity, Example, Prediction
from tests.integration.edge_folders import run_script
from tests.integration.min_score_checks import check_min_score
from tests.integration.onnx_scales import observed_scales
from tests.integration.small_models import PEOPLE, PLACES, config_file, small_config

for package in ("paddle", "paddlenlp", "paddle2onnx", "onnxruntime", "openvino"):
    pytest.importorskip(package)

INSIDE = "王小明在北京大学工作"
KEPT = ReadOptions(overlaps="allow")


def nested(count: int, seed: int) -> list[Example]:
    """Sentences with schools whose names hold those of places and people, the same for the same seed."""
    draw = random.Random(seed)
    examples = []
    for _ in range(count):
        person, place = draw.choice(PEOPLE), draw.choice(PLACES)
        if draw.random() < 0.4:
            text, school = f"{person}在{place}大学工作", f"{place}大学"
        elif draw.random() < 0.5:
            text, school = f"{place}{person}学校今天放假", f"{place}{person}学校"
        else:
            text, school = f"{person}昨天去了{place}", ""
        named = [(person, "PER"), (place, "LOC"), (school, "ORG")]
        places = [(text.index(name), text.index(name) + len(name), label) for name, label in named if name]
        examples.append(Example(text, entities=tuple(Entity.of(text, *one) for one in sorted(places))))
    return [*examples, Example("今天天气不错", entities=())]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``run/checkpoint`` that was trained with the head, ``bundle`` with an int8 graph beside it, and ``edge``."""
    folder = tmp_path_factory.mktemp("span")
    config = config_file(folder, small_config(folder))
    data.write(folder / "train.jsonl", nested(300, seed=1))
    data.write(folder / "dev.jsonl", nested(40, seed=2))
    assert main(["train", str(config), "--output", str(folder / "run"), "--set", "model.head=span"]) == 0
    checkpoint, examples = folder / "run" / "checkpoint", data.load(folder / "dev.jsonl", options=KEPT)
    export(checkpoint, folder / "exact", onnx=True)
    predictor = paddle_ner.load(folder / "exact")
    rows = [np.array([row.ids]) for example in examples for row in predictor.encode(example.text).windows]
    scales = observed_scales(folder / "exact" / "model.onnx", rows)
    export(checkpoint, folder / "bundle", onnx=True, scales=scales, examples=examples, max_drop=0.05)
    write_edge(checkpoint, folder / "edge", texts(folder), scales=scales, examples=examples, max_drop=0.05)
    return folder


def texts(folder: Path) -> list[str]:
    sentences = [example.text for example in data.load(folder / "dev.jsonl", options=KEPT)]
    return [*sentences, "", "。".join(sentences)]


def spans(answers: list[Prediction]) -> list[list[tuple[int, int, str]]]:
    return [[(entity.start, entity.end, entity.label) for entity in answer.entities or ()] for answer in answers]


def test_an_entity_inside_another_is_found_beside_it(work: Path) -> None:
    answer = paddle_ner.load(work / "run" / "checkpoint")(INSIDE)
    found = [(entity.text, entity.label) for entity in answer.entities or ()]
    assert found == [("王小明", "PER"), ("北京", "LOC"), ("北京大学", "ORG")]


def test_evaluate_counts_inner_and_outer_entities_without_being_told(work: Path) -> None:
    done = CliRunner().invoke(evaluate, [str(work / "bundle"), str(work / "dev.jsonl"), "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.output)
    gold = [example.entities or () for example in data.load(work / "dev.jsonl", options=KEPT)]
    assert report["micro"]["support"] == sum(map(len, gold))
    manifest = json.loads((work / "run" / "checkpoint" / "paddle_ner.json").read_text("utf-8"))
    assert report["value"] == pytest.approx(manifest["metrics"]["dev"]["value"]) and report["value"] > 0.9


@pytest.mark.parametrize("engine", ["paddle", "onnxruntime", "openvino"])
def test_every_engine_answers_as_the_checkpoint(work: Path, engine: str) -> None:
    asked = texts(work)
    expected = paddle_ner.load(work / "run" / "checkpoint")(asked)
    found = paddle_ner.load(work / "bundle", engine=engine, precision="fp32")(asked)
    assert spans(found) == spans(expected)
    for one, other in zip(found, expected, strict=True):
        for ours, theirs in zip(one.entities or (), other.entities or (), strict=True):
            assert ours.score == pytest.approx(theirs.score, abs=1e-4)


@pytest.mark.parametrize("model", ["run/checkpoint", "bundle"])
def test_entities_below_the_min_score_are_left_out(work: Path, model: str) -> None:
    check_min_score(work / model, texts(work))


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_int8_finds_the_same_entities(work: Path, engine: str) -> None:
    asked = texts(work)
    expected = spans(paddle_ner.load(work / "run" / "checkpoint")(asked))
    found = spans(paddle_ner.load(work / "bundle", engine=engine, precision="int8")(asked))
    assert sum(one == other for one, other in zip(found, expected, strict=True)) >= 0.95 * len(asked)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_device_answers_as_the_package(work: Path, precision: str) -> None:
    asked = texts(work)
    given = "".join(json.dumps({"text": text}) + "\n" for text in asked)
    done = run_script(work / "edge", "run.py", "predict", "--precision", precision, given=given)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line)["entities"] for line in done.stdout.splitlines()]
    found = [[(one["start"], one["end"], one["label"]) for one in record] for record in records]
    if precision == "fp32":
        assert found == spans(paddle_ner.load(work / "run" / "checkpoint")(asked))
    assert any(one[0] < other[1] for record in found for other, one in pairwise(record))


def test_a_server_answers_with_them_and_says_that_they_may_overlap(work: Path) -> None:
    command = [sys.executable, "-m", "paddle_ner", "serve", "--port", "0", str(work / "bundle")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            address = next(line.split()[-1] for line in process.stderr if line.startswith("serving "))
            with httpx.Client(base_url=address, timeout=120) as client:
                (model,) = client.get("/models").json()["models"]
                (answer,) = client.post("/predict", json={"text": INSIDE}).json()["predictions"]
                asked = {"text": INSIDE, "min_score": {"ORG": 1}}
                (weaker,) = client.post("/predict", json=asked).json()["predictions"]
        finally:
            process.kill()
    assert (model["task"], model["overlapping"]) == ("ner", True)
    assert [entity["text"] for entity in answer["entities"]] == ["王小明", "北京", "北京大学"]
    assert [entity["text"] for entity in weaker["entities"]] == ["王小明", "北京"]


def test_columns_refuse_them_in_one_line(work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.txt").write_text(INSIDE + "\n", encoding="utf-8")
    out = tmp_path / "out.conll"
    assert main(["predict", str(work / "run" / "checkpoint"), str(tmp_path / "in.txt"), "--output", str(out)]) == 2
    assert "overlapping entities, which columns cannot hold" in capsys.readouterr().err
    assert not out.exists()


def test_a_flat_head_refuses_such_data_and_names_the_line(work: Path, tmp_path: Path) -> None:
    record = load_config(work / "config.yaml").model_dump(mode="json", exclude={"window": {"longest"}})
    with pytest.raises(DataError, match=r"train\.jsonl:\d+: overlapping entities"):
        train(parse(record, "config"), tmp_path / "run")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["task.tag_scheme=BIOES"], "task.tag_scheme: head span has no tags: leave it out"),
        (["distillation.weight=0.5"], "a model of spans cannot learn from a teacher, only from labels"),
    ],
)
def test_what_spans_do_not_have_is_refused(work: Path, tmp_path: Path, overrides: list[str], message: str) -> None:
    record = load_config(work / "config.yaml").model_dump(mode="json", exclude={"window": {"longest"}})
    record["distillation"] = {"teacher": str(work / "run" / "checkpoint")}
    with pytest.raises(InputError, match=message):
        train(parse(record, "config", ["model.head=span", *overrides]), tmp_path / "run")


def test_init_takes_the_head_where_overlaps_are_kept(work: Path, tmp_path: Path) -> None:
    made = tmp_path / "made.yaml"
    options = ["--train", str(work / "train.jsonl"), "--dev", str(work / "dev.jsonl"), "--overlaps", "allow"]
    assert main(["init", *options, "--output", str(made)]) == 0
    config = load_config(made)
    assert (config.model.head, config.model.pretrained) == ("span", "starter")
