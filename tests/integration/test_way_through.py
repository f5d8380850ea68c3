"""The whole way: a trained checkpoint, evaluated, exported, verified, predicted from."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import paddle_ner
from paddle_ner import data
from paddle_ner.bundle import read_bundle_manifest, read_checkpoint_manifest, write_manifest
from paddle_ner.cli import main
from paddle_ner.errors import BundleError, GateError, InputError
from paddle_ner.evaluation.score import score
from paddle_ner.export import export
from paddle_ner.inference.engines.paddle import PaddleEngine
from tests.integration.small_models import sentences
from tests.labelled import entities_of


def test_the_checkpoint_says_what_it_is(checkpoint: Path) -> None:
    assert {path.name for path in checkpoint.iterdir()} == {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "paddle_ner.json",
    }
    manifest = read_checkpoint_manifest(checkpoint)
    assert manifest.task == {"name": "ner", "labels": ["LOC", "PER"], "tag_scheme": "BIO"}
    assert manifest.metrics["dev"]["value"] > 0.9


def test_checkpoint_and_bundle_score_the_same(checkpoint: Path, bundle: Path) -> None:
    examples = sentences(100, seed=9)
    first, _ = score(paddle_ner.load(checkpoint), examples)
    second, _ = score(paddle_ner.load(bundle), examples)
    assert second.to_dict() == first.to_dict()
    assert first.value > 0.9


def test_a_long_text_has_the_entities_of_its_sentences(bundle: Path) -> None:
    ner = paddle_ner.load(bundle)
    text = "王小明昨天去了北京。" * 30
    found = [(e.start, e.end, e.label) for e in entities_of(ner(text))]
    assert found == [
        (10 * i + start, 10 * i + end, label) for i in range(30) for start, end, label in ((0, 3, "PER"), (7, 9, "LOC"))
    ]


def test_answers_come_in_the_order_of_the_texts(bundle: Path) -> None:
    ner = paddle_ner.load(bundle)
    texts = ["李娜昨天去了上海市。", "", "今天天气不错" * 20, "听说张伟要搬家"]
    assert [answer.text for answer in ner(texts)] == texts
    assert list(ner.stream(iter(texts), chunk=2)) == ner(texts)


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "bundle"))


@pytest.mark.parametrize("name", ["model.json", "model.pdiparams", "tokenizer.json", "manifest.json"])
def test_one_changed_byte_is_refused(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    place = content.index(b"PER") if name == "manifest.json" else len(content) // 2
    content[place] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(BundleError, match=name):
        paddle_ner.load(copy)


@pytest.mark.parametrize("name", ["model.json", "model.pdiparams", "tokenizer.json"])
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(BundleError, match=name):
        paddle_ner.load(copy)


def test_a_newer_schema_is_refused(copy: Path) -> None:
    write_manifest(copy, read_bundle_manifest(copy).model_copy(update={"schema_version": 2}))
    with pytest.raises(BundleError, match=r"manifest\.json: schema version 2 is newer"):
        paddle_ner.load(copy)


def test_too_few_labels_are_refused(copy: Path) -> None:
    manifest = read_bundle_manifest(copy)
    write_manifest(copy, manifest.model_copy(update={"task": {**manifest.task, "labels": ["PER"]}}))
    with pytest.raises(BundleError, match=r"model\.json: it gives 5 logits"):
        paddle_ner.load(copy)


def test_a_folder_that_is_neither_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"paddle_ner\.json"):
        paddle_ner.load(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        paddle_ner.load(tmp_path / "nothing")


def test_serving_imports_no_training_package(bundle: Path) -> None:
    code = (
        "import sys, paddle_ner, paddle_ner.serving; paddle_ner.load(sys.argv[1])('北京');"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'paddlenlp', 'paddleslim', 'paddle'}))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(bundle)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['paddle']"


def test_predict_keeps_order_and_ids(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = tmp_path / "texts.jsonl"
    records = [{"id": str(number), "text": example.text} for number, example in enumerate(sentences(50, seed=4))]
    texts.write_text("".join(json.dumps(record) + "\n" for record in records))
    assert main(["predict", str(bundle), str(texts)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["id"], line["text"]) for line in lines] == [(record["id"], record["text"]) for record in records]


def test_predict_labels_a_text_that_utf8_cannot_hold(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = tmp_path / "texts.jsonl"
    texts.write_text('{"text": "\\ud800北京"}\n{"text": "北京"}\n', encoding="utf-8")
    assert main(["predict", str(bundle), str(texts)]) == 0
    assert [json.loads(line)["text"] for line in capsys.readouterr().out.splitlines()] == ["\ud800北京", "北京"]


def test_predict_names_the_line_that_it_cannot_read(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = tmp_path / "texts.jsonl"
    texts.write_text('{"text": "北京"}\n{"txt": "上海"}\n', encoding="utf-8")
    assert main(["predict", str(bundle), str(texts)]) == 2
    assert f"{texts}:2: " in capsys.readouterr().err


def test_a_bundle_does_not_tell_where_its_author_keeps_the_data(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert str(bundle.parent.parent) not in (bundle / "manifest.json").read_text("utf-8")
    monkeypatch.delenv("DATA_ROOT", raising=False)
    assert main(["evaluate", str(bundle)]) == 2
    assert "export DATA_ROOT=FOLDER" in capsys.readouterr().err


def test_evaluate_takes_the_test_data_of_the_config(
    bundle: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_ROOT", str(bundle.parent.parent))
    assert main(["evaluate", str(bundle), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["value"] == read_bundle_manifest(bundle).metrics["dev"]["value"]


def test_evaluate_can_leave_out_what_training_saw(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_ROOT", str(bundle.parent.parent))
    seen = data.load(bundle.parent.parent / "train.jsonl")[0]
    new = paddle_ner.Example("没有人见过这一句。", entities=())
    data.write(tmp_path / "mixed.jsonl", [seen, new])
    assert main(["evaluate", str(bundle), str(tmp_path / "mixed.jsonl"), "--unseen", "--json"]) == 0
    output = capsys.readouterr()
    assert json.loads(output.out)["examples"] == 1
    assert "left out 1 of 2 texts" in output.err


def test_evaluate_refuses_data_without_entities(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data.write(tmp_path / "classes.jsonl", [paddle_ner.Example("北京", label="地点")])
    assert main(["evaluate", str(bundle), str(tmp_path / "classes.jsonl")]) == 2
    assert "classes.jsonl:1: the record has no entities" in capsys.readouterr().err


def test_export_does_not_write_over_a_folder_of_yours(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["export", str(checkpoint), "-o", str(tmp_path)]) == 2
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_export_refuses_a_graph_that_gives_nan(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = PaddleEngine.run

    def run(self: PaddleEngine, ids: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        return {name: values * np.float32("nan") for name, values in real(self, ids).items()}

    monkeypatch.setattr(PaddleEngine, "run", run)
    with pytest.raises(GateError, match="nothing was written"):
        export(checkpoint, tmp_path / "bundle")
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_does_not_take_the_place_of_a_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    other = shutil.copytree(checkpoint, tmp_path / "checkpoint")
    with pytest.raises(InputError, match="something else than a bundle"):
        export(checkpoint, Path(other))
    assert (tmp_path / "checkpoint" / "model.safetensors").exists()
