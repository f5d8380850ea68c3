"""OpenVINO over the ONNX graph of a bundle: the same answers, bf16 only where it is asked for, and what is refused.

Tests `paddle_ner.inference.engines.heads` and `paddle_ner.inference.engines.openvino` too.
"""

from __future__ import annotations

import logging
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import openvino
import pytest
from numpy.typing import NDArray

import paddle_ner
from paddle_ner import data
from paddle_ner.bundle import Precision, read_bundle_manifest
from paddle_ner.errors import BundleError, DeviceError
from paddle_ner.evaluation.tuning.choice import choose as fastest
from paddle_ner.evaluation.tuning.choice import tune
from paddle_ner.export import export
from paddle_ner.inference import EngineOptions, load_bundle, load_replicas
from paddle_ner.inference.engines import heads
from paddle_ner.inference.engines.openvino import OpenVinoEngine
from paddle_ner.machine import BF16_FLAGS, cpu_flags

IDS = np.array([[2, 9, 7, 5, 11, 8, 3], [2, 6, 12, 3, 0, 0, 0]], dtype=np.int64)


@pytest.fixture(scope="module")
def onnx_bundle(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(checkpoint, tmp_path_factory.mktemp("openvino") / "bundle", onnx=True).bundle


@pytest.fixture
def texts(run_folder: Path) -> list[str]:
    return [example.text for example in data.read(run_folder.parent / "dev.jsonl")]


def engine(folder: Path, precision: Precision, threads: int = 1) -> OpenVinoEngine:
    options = EngineOptions("openvino", precision=precision, threads=threads)
    return OpenVinoEngine(folder, read_bundle_manifest(folder), options)


def logits(graph: openvino.Model) -> NDArray[np.float32]:
    compiled = openvino.Core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled({"input_ids": IDS, "token_type_ids": np.zeros_like(IDS)})[0])


def widths(graph: openvino.Model) -> set[int]:
    """Of the heads that its queries, keys and values are split into."""
    shapes = [one.get_output_partial_shape(0) for one in graph.get_ordered_ops() if one.get_type_name() == "Reshape"]
    return {shape[3].get_length() for shape in shapes if len(shape) == 4}


def test_the_predictions_are_those_of_paddle(onnx_bundle: Path, texts: list[str]) -> None:
    ours = paddle_ner.load(onnx_bundle, engine="paddle", precision="fp32")
    theirs = paddle_ner.load(onnx_bundle, engine="openvino", precision="fp32")
    assert (theirs.info.engine, theirs.info.precision) == ("openvino", "fp32")
    rows = [window for text in texts for window in ours.encode(text).windows][:8]
    for one, other in zip(ours.run(rows), theirs.run(rows), strict=True):
        assert np.abs(one["logits"] - other["logits"]).max() < 1e-4


def test_bf16_rounds_and_fp32_does_not_or_bf16_is_refused_where_the_cpu_has_none(onnx_bundle: Path) -> None:
    paddle = load_bundle(onnx_bundle, EngineOptions("paddle", precision="fp32"))._engine.run(IDS)["logits"]
    full = engine(onnx_bundle, "fp32").run(IDS)["logits"]
    assert np.abs(full - paddle).max() < 1e-5, "at fp32 it must not take bf16 by itself"
    if not cpu_flags() & BF16_FLAGS:
        with pytest.raises(DeviceError, match="precision bf16 needs a CPU with avx512_bf16 or amx_bf16"):
            paddle_ner.load(onnx_bundle, engine="openvino", precision="bf16")
        return
    rounded = engine(onnx_bundle, "bf16").run(IDS)["logits"]
    assert 1e-5 < np.abs(rounded - full).max() < 0.05 * np.abs(full).max()


def test_clones_answer_in_threads_of_their_own(onnx_bundle: Path) -> None:
    first = engine(onnx_bundle, "fp32")
    replicas = [first, first.clone(), first.clone()]
    batches = [IDS[:1], IDS, IDS[:, :5], IDS[1:, :4]]
    expected = [first.run(ids)["logits"] for ids in batches]
    with ThreadPoolExecutor(len(replicas)) as pool:
        answers = list(pool.map(lambda one: [one.run(ids)["logits"] for _ in range(20) for ids in batches], replicas))
    for answer in answers:
        for got, wanted in zip(answer, expected * 20, strict=True):
            assert np.allclose(got, wanted, atol=1e-6)


def test_what_a_run_gave_stays_when_the_next_one_runs(onnx_bundle: Path) -> None:
    one = engine(onnx_bundle, "fp32")
    first = one.run(IDS)["logits"]
    kept = first.copy()
    one.run(np.flip(IDS, axis=1).copy())
    assert (first == kept).all()


def test_narrow_heads_are_filled_up_and_nothing_else_changes(onnx_bundle: Path) -> None:
    core = openvino.Core()
    plain, wide = (core.read_model(onnx_bundle / "model.onnx") for _ in range(2))
    (narrow,) = widths(plain)
    assert narrow % 32, "the small model's heads must be narrow for this to show anything"
    heads.widen_heads(wide)
    assert widths(wide) == {32}
    assert np.abs(logits(wide) - logits(plain)).max() < 1e-6


@pytest.mark.parametrize("kind", ["Transpose", "Add"])
def test_a_graph_that_is_built_otherwise_is_left_alone(onnx_bundle: Path, kind: str) -> None:
    """An operation more in one place, before the heads are merged or before they are split, and none is touched."""
    graph = openvino.Core().read_model(onnx_bundle / "model.onnx")
    before = widths(graph)
    for node in graph.get_ordered_ops():
        if (
            node.get_type_name() == "Reshape"
            and len(node.get_output_partial_shape(0)) == {"Transpose": 3, "Add": 4}[kind]
        ):
            added = openvino.opset13.relu(node.input_value(0))
            node.input(0).replace_source_output(added.output(0))
            break
    heads.widen_heads(graph)
    assert widths(graph) == before
    logits(graph)


def test_a_bundle_copied_over_one_that_runs_does_not_reach_it(onnx_bundle: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(onnx_bundle, tmp_path / "bundle"))
    running = engine(own, "fp32")
    expected = running.run(IDS)["logits"]
    (own / "model.onnx").write_bytes(b"")
    assert (running.run(IDS)["logits"] == expected).all()
    assert (running.clone().run(IDS)["logits"] == expected).all()


def test_a_graph_that_cannot_be_read_is_named(onnx_bundle: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(onnx_bundle, tmp_path / "bundle"))
    (own / "model.onnx").write_bytes(b"no graph")
    with pytest.raises(BundleError, match=r"model\.onnx: OpenVINO cannot read it") as caught:
        engine(own, "fp32")
    assert len(str(caught.value).splitlines()) == 1


def test_other_inputs_than_the_manifest_names_are_refused(onnx_bundle: Path) -> None:
    manifest = read_bundle_manifest(onnx_bundle).model_copy(update={"inputs": ["input_ids"]})
    with pytest.raises(BundleError, match="its inputs are input_ids, token_type_ids, but the manifest names input_ids"):
        OpenVinoEngine(onnx_bundle, manifest, EngineOptions("openvino", precision="fp32", threads=1))


def test_measuring_counts_it_in_and_what_is_best_is_what_runs(
    onnx_bundle: Path,
    run_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    own = Path(shutil.copytree(onnx_bundle, tmp_path / "bundle"))
    only = lambda found, drop: fastest([one for one in found if one.engine == "openvino"] or found, drop)  # noqa: E731
    monkeypatch.setattr("paddle_ner.evaluation.tuning.choice.choose", only)
    tuned = tune(own, data.load(run_folder.parent / "dev.jsonl"), max_drop=0.05)
    assert ("openvino", "fp32") in {(one.engine, one.precision) for one in tuned.tuning.candidates}
    replicas = load_replicas(own, EngineOptions())
    assert {(one.info.engine, one.info.precision) for one in replicas} == {("openvino", tuned.best.precision)}
    assert len(replicas) == tuned.best.replicas

    monkeypatch.setattr("paddle_ner.inference.engines.open.is_installed", lambda module: False)
    with caplog.at_level(logging.WARNING):
        assert paddle_ner.load(own).info.engine == "paddle"
    assert "measured best with OpenVINO" in caplog.text and "pip install 'paddle-ner[openvino]'" in caplog.text
