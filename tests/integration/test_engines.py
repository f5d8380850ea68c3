"""Engines over a really trained bundle: precisions, ONNX Runtime, clones, and what measuring writes down.

Tests `paddle_ner.cli.benchmark`, `paddle_ner.inference.engines.onnx` and `paddle_ner.inference.engines.paddle` too.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import paddle_ner
from paddle_ner import data
from paddle_ner.bundle import content_checksum, read_bundle_manifest, verify
from paddle_ner.cli.benchmark import command as benchmark
from paddle_ner.cli.export import command as export_command
from paddle_ner.errors import BundleError, DeviceError, GateError, InputError
from paddle_ner.evaluation.score import score
from paddle_ner.evaluation.tuning.choice import choose, tune
from paddle_ner.export import export
from paddle_ner.inference import Model, load_bundle, load_replicas
from paddle_ner.inference.engines import EngineOptions
from paddle_ner.machine import BF16_FLAGS, cpu_flags
from paddle_ner.types import Prediction

HAS_BF16 = bool(cpu_flags() & BF16_FLAGS)


@pytest.fixture
def texts(run_folder: Path) -> list[str]:
    return [example.text for example in data.read(run_folder.parent / "dev.jsonl")]


@pytest.fixture(scope="module")
def onnx_bundle(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(checkpoint, tmp_path_factory.mktemp("onnx") / "bundle", onnx=True).bundle


@pytest.fixture
def own_bundle(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "bundle"))


def spans(predictions: list[paddle_ner.Prediction]) -> list[list[tuple[int, int, str]]]:
    return [[(one.start, one.end, one.label) for one in prediction.entities or ()] for prediction in predictions]


def test_onnx_runtime_gives_the_same_predictions(onnx_bundle: Path, texts: list[str]) -> None:
    ours, theirs = paddle_ner.load(onnx_bundle), paddle_ner.load(onnx_bundle, engine="onnxruntime", threads=1)
    assert (ours.info.engine, theirs.info.engine) == ("paddle", "onnxruntime")
    assert spans(theirs(texts)) == spans(ours(texts))


def test_a_bundle_without_an_onnx_graph_says_how_to_make_one(bundle: Path) -> None:
    with pytest.raises(InputError, match="holds no ONNX graph; make one with `paddle-ner export --target onnx`"):
        paddle_ner.load(bundle, engine="onnxruntime")


def test_a_conversion_that_dies_writes_nothing(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "paddle_ner.export.onnx.convert._CONVERT", "import os, sys; sys.stderr.write('op x'); os.abort()"
    )
    with pytest.raises(GateError, match=r"Paddle2ONNX made no usable graph: killed by SIGABRT: op x"):
        export(checkpoint, tmp_path / "bundle", onnx=True)
    assert not list(tmp_path.iterdir())


def test_bf16_runs_and_agrees_with_fp32_or_is_refused_where_the_cpu_has_none(bundle: Path, run_folder: Path) -> None:
    if not HAS_BF16:
        with pytest.raises(DeviceError, match="precision bf16 needs a CPU with avx512_bf16 or amx_bf16"):
            paddle_ner.load(bundle, precision="bf16")
        return
    examples = data.load(run_folder.parent / "dev.jsonl")
    fast = paddle_ner.load(bundle, precision="bf16")
    assert fast.info.precision == "bf16"
    exact, _ = score(paddle_ner.load(bundle), examples)
    report, _ = score(fast, examples)
    assert report.value == pytest.approx(exact.value, abs=0.05)
    row = fast.encode(examples[0].text).windows
    rounded, full = (one.run(row)[0]["logits"] for one in (fast, paddle_ner.load(bundle)))
    assert (rounded != full).any(), "bf16 did not run: its logits are those of fp32"


@pytest.mark.parametrize("engine", ["paddle", "onnxruntime", "openvino"])
def test_one_model_answers_many_threads_as_it_answers_alone(onnx_bundle: Path, texts: list[str], engine: str) -> None:
    model = paddle_ner.load(onnx_bundle, engine=engine, replicas=2)
    assert (model.info.engine, model.engines) == (engine, 2)
    check_threads(model, texts)


def test_a_checkpoint_answers_many_threads_as_it_answers_alone(checkpoint: Path, texts: list[str]) -> None:
    check_threads(paddle_ner.load(checkpoint), texts)


def check_threads(model: Model, texts: list[str]) -> None:
    """Texts one by one from eight threads, and all at once from eight threads."""
    alone = [model(text) for text in texts]
    assert any(answer.entities for answer in alone)
    with ThreadPoolExecutor(8) as pool:
        together = [list(pool.map(model, texts)) for _ in range(3)]
        whole: list[list[Prediction]] = list(pool.map(lambda _: model(texts), range(8)))
    for answers in [*together, *whole]:
        assert spans(answers) == spans(alone)
        for answer, expected in zip(answers, alone, strict=True):
            scores = [entity.score for entity in expected.entities or ()]
            assert [entity.score for entity in answer.entities or ()] == pytest.approx(scores, abs=1e-4)


IN_SPAWNED = """
import multiprocessing, sys
import paddle_ner

if __name__ == "__main__":
    model = paddle_ner.load(sys.argv[1])
    texts = sys.argv[2:]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(model, texts) == [model(text) for text in texts], "other answers"
        pool.close()  # else the workers are ended by SIGTERM, which Paddle reports on standard output
        pool.join()
    print("same answers")
"""


def test_a_spawned_process_opens_the_model_again(bundle: Path, texts: list[str], tmp_path: Path) -> None:
    script = tmp_path / "spawns.py"
    script.write_text(IN_SPAWNED, "utf-8")
    command = [sys.executable, str(script), str(bundle), *texts[:3]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.stdout.strip() == "same answers", done.stderr


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_each_replica_is_an_engine_of_its_own(onnx_bundle: Path, engine: str) -> None:
    first, second = load_replicas(onnx_bundle, EngineOptions(engine, threads=1), replicas=2)
    assert first._engine is not second._engine
    held = {"onnxruntime": "_session", "openvino": "_request"}[engine]
    assert getattr(first._engine, held) is not getattr(second._engine, held)


def test_a_replica_is_not_opened_over_a_graph_that_was_changed(onnx_bundle: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(onnx_bundle, tmp_path / "bundle"))
    first = load_bundle(own, EngineOptions("onnxruntime"))
    (own / "model.onnx").write_bytes(b"")
    with pytest.raises(BundleError, match=r"model\.onnx: it was changed since the model was loaded"):
        first.clone()


def test_a_checkpoint_has_no_replicas(checkpoint: Path) -> None:
    with pytest.raises(InputError, match="replicas can be chosen for a bundle only"):
        paddle_ner.load(checkpoint, replicas=2)


def test_clones_answer_in_threads_of_their_own(bundle: Path, texts: list[str]) -> None:
    first = load_bundle(bundle, EngineOptions(threads=1))
    replicas = [first, first.clone(), first.clone()]
    expected = spans(first(texts))
    with ThreadPoolExecutor(len(replicas)) as pool:
        answers = list(pool.map(lambda replica: [spans(replica(texts)) for _ in range(3)], replicas))
    assert all(one == expected for answer in answers for one in answer)


def test_warming_up_runs_every_length_once(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    predictor = load_bundle(bundle)
    seen: list[tuple[int, ...]] = []
    run = predictor._engine.run
    monkeypatch.setattr(predictor._engine, "run", lambda ids: (seen.append(ids.shape), run(ids))[1], raising=False)
    predictor.warm_up()
    assert seen == [(1, 8), (1, 16), (1, 24)]  # the window of the small model has 24 tokens


def test_shapes_with_the_same_digits_are_not_mixed_up(bundle: Path) -> None:
    """Paddle keeps what it prepares by the digits of a shape: 11 rows of 2 tokens were 1 row of 12 to it."""
    used, fresh = (load_bundle(bundle, EngineOptions(threads=1)) for _ in range(2))
    ids = np.random.default_rng(3).integers(5, 30, (24, 24))
    for rows, length in ((24, 8), (2, 24), (22, 4), (2, 24), (12, 4), (1, 24), (11, 2), (1, 12), (24, 8)):
        asked = ids[:rows, :length]
        found, expected = (one._engine.run(asked)["logits"] for one in (used, fresh.clone()))
        assert np.allclose(found, expected, atol=1e-5), (rows, length)


def test_measuring_keeps_the_choice_and_the_figures(own_bundle: Path, run_folder: Path) -> None:
    examples = data.load(run_folder.parent / "dev.jsonl")
    shares: list[float] = []
    tuned = tune(own_bundle, examples, max_drop=1.0, advance=shares.append)
    manifest = verify(own_bundle)
    assert manifest.precision == tuned.best.precision and manifest.tuning == tuned.tuning
    assert {one.precision for one in tuned.tuning.candidates} == ({"fp32", "bf16"} if HAS_BF16 else {"fp32"})
    exact = next(one for one in tuned.tuning.candidates if one.precision == "fp32")
    assert exact.score == score(paddle_ner.load(own_bundle, precision="fp32"), examples)[0].value and exact.drop == 0
    assert tuned.best == choose(tuned.tuning.candidates, max_drop=1.0)
    assert shares == sorted(shares) and shares[-1] == 1
    loaded = load_replicas(own_bundle, EngineOptions())
    assert loaded[0].info.precision == tuned.best.precision and len(loaded) == tuned.best.replicas


def test_a_faster_precision_that_costs_too_much_is_not_kept(own_bundle: Path, run_folder: Path) -> None:
    examples = data.load(run_folder.parent / "dev.jsonl")
    tuned = tune(own_bundle, examples, max_drop=-1.0)  # nothing is ever better by 100 points
    assert read_bundle_manifest(own_bundle).precision == "fp32"
    assert tuned.best.precision == "fp32"


def test_benchmark_leaves_the_bundle_alone_unless_told(
    own_bundle: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_ROOT", str(checkpoint.parent.parent))
    before = read_bundle_manifest(own_bundle).checksum
    done = CliRunner().invoke(benchmark, [str(own_bundle), "--json"], catch_exceptions=False)
    report = json.loads(done.stdout)
    assert not report["kept"] and report["metric"] == "f1" and report["examples"] == 37
    assert read_bundle_manifest(own_bundle).checksum == before
    CliRunner().invoke(benchmark, [str(own_bundle), "--tune"], catch_exceptions=False)
    assert read_bundle_manifest(own_bundle).tuning is not None


def test_export_measures_with_the_dev_set_of_the_config(checkpoint: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(export_command, [str(checkpoint), "-o", str(tmp_path / "b")], catch_exceptions=False)
    manifest = verify(tmp_path / "b")
    assert manifest.tuning is not None and manifest.tuning.examples == 37
    assert "best" in done.stdout


def test_export_without_the_dev_set_says_so_and_stays_at_fp32(checkpoint: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(checkpoint, tmp_path / "checkpoint"))
    manifest = json.loads((moved / "paddle_ner.json").read_text("utf-8"))
    manifest["config"]["data"]["root"] = str(tmp_path / "absent")
    manifest["checksum"] = content_checksum(manifest)
    (moved / "paddle_ner.json").write_text(json.dumps(manifest), "utf-8")
    command = [sys.executable, "-m", "paddle_ner", "export", str(moved), "-o", str(tmp_path / "b")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "not measured, so it runs at fp32" in done.stderr and "benchmark" in done.stderr
    assert (
        read_bundle_manifest(tmp_path / "b").precision == "fp32" and read_bundle_manifest(tmp_path / "b").tuning is None
    )
