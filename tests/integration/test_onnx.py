"""ONNX graphs of really trained bundles: what is written is what runs in int8, agrees with Paddle, or is refused.

Tests `paddle_ner.export.onnx.constants`, `paddle_ner.export.onnx.convert`, `paddle_ner.export.onnx.graphs`,
`paddle_ner.export.onnx.kernels`, `paddle_ner.export.onnx.products` and `paddle_ner.export.onnx.qdq` too.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic

import paddle_ner
from paddle_ner import bundle as bundles
from paddle_ner import data, tasks
from paddle_ner.bundle import Candidate
from paddle_ner.bundle.scales import FILE as SCALES_FILE
from paddle_ner.bundle.scales import MatmulScales, read_scales
from paddle_ner.cli.evaluate import command as evaluate
from paddle_ner.cli.export import command as export_command
from paddle_ner.errors import BundleError, GateError, InputError
from paddle_ner.evaluation.tuning.choice import tune
from paddle_ner.export import export
from paddle_ner.export.onnx import kernels, qdq
from paddle_ner.export.onnx.convert import OPSET, TENSORRT_OPSET, convert
from paddle_ner.export.onnx.graphs import scales_of
from paddle_ner.inference import EngineOptions, load_replicas
from paddle_ner.inference.layout import Layout
from paddle_ner.types import Example
from tests.integration.onnx_scales import observed_scales
from tests.integration.tiny_bundles import make_bundle


@pytest.fixture(scope="module")
def examples(run_folder: Path) -> list[Example]:
    return data.load(run_folder.parent / "dev.jsonl")


@pytest.fixture(scope="module")
def fp32_bundle(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(checkpoint, tmp_path_factory.mktemp("fp32") / "bundle", onnx=True).bundle


@pytest.fixture(scope="module")
def batches(fp32_bundle: Path, examples: list[Example]) -> list[NDArray[np.int64]]:
    predictor = paddle_ner.load(fp32_bundle)
    rows = [row for example in examples for row in predictor.encode(example.text).windows]
    return [np.array([row.ids], dtype=np.int64) for row in rows]


@pytest.fixture(scope="module")
def scales(fp32_bundle: Path, batches: list[NDArray[np.int64]]) -> list[MatmulScales]:
    return observed_scales(fp32_bundle / "model.onnx", batches)


@pytest.fixture(scope="module")
def int8_bundle(
    checkpoint: Path, scales: list[MatmulScales], examples: list[Example], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    target = tmp_path_factory.mktemp("int8") / "bundle"
    return export(checkpoint, target, onnx=True, scales=scales, examples=examples, max_drop=0.02).bundle


def logits(path: Path, ids: NDArray[np.int64]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"input_ids": ids, "token_type_ids": np.zeros_like(ids)})[0])


def test_every_product_with_a_weight_runs_in_int8_and_the_manifest_says_so(int8_bundle: Path) -> None:
    found = kernels.operations(int8_bundle / "model.int8.onnx")
    assert found["MatMulIntegerToFloat"] == 7  # four of attention, two of the feed-forward layer, the head
    assert found["MatMul"] + found["FusedMatMul"] == 2  # attention's own, which have no weight
    manifest = bundles.verify(int8_bundle)
    assert list(manifest.onnx) == ["fp32", "int8"]
    graph = manifest.onnx["int8"]
    assert (graph.matmuls, graph.int8_matmuls, graph.opset) == (7, 7, OPSET)
    assert manifest.onnx["fp32"].int8_matmuls == 0 and manifest.precision == "fp32"
    assert graph.runtime == onnxruntime.__version__


def test_what_onnx_runtime_answers_at_int8_is_what_was_scored(
    int8_bundle: Path, examples: list[Example], checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_ROOT", str(checkpoint.parent.parent))
    manifest = bundles.read_bundle_manifest(int8_bundle)
    for precision in ("fp32", "int8"):
        predictor = paddle_ner.load(int8_bundle, engine="onnxruntime", precision=precision)
        assert (predictor.info.engine, predictor.info.precision) == ("onnxruntime", precision)
        arguments = [str(int8_bundle), "--split", "dev", "--engine", "onnxruntime", "--precision", precision, "--json"]
        report = json.loads(CliRunner().invoke(evaluate, arguments, catch_exceptions=False).stdout)
        assert report["micro"]["f1"] == pytest.approx(manifest.onnx[precision].score)
    row = predictor.encode(examples[0].text).windows
    exact = paddle_ner.load(int8_bundle, engine="onnxruntime", precision="fp32").run(row)[0]["logits"]
    assert (predictor.run(row)[0]["logits"] != exact).any(), "int8 did not run: its logits are those of fp32"


def test_the_int8_graph_takes_any_batch_and_any_length(int8_bundle: Path) -> None:
    path = int8_bundle / "model.int8.onnx"
    assert all(
        not dimension.HasField("dim_value")
        for given in onnx.load(str(path)).graph.input
        for dimension in given.type.tensor_type.shape.dim
    )
    for shape in ((1, 1), (3, 5), (2, 24)):
        assert logits(path, np.full(shape, 7, np.int64)).shape[:2] == shape


def test_the_vocabulary_is_stored_once(fp32_bundle: Path) -> None:
    size = paddle_ner.load(fp32_bundle)._tokenizer.vocabulary_size
    tables = [one for one in onnx.load(str(fp32_bundle / "model.onnx")).graph.initializer if one.dims[:1] == [size]]
    assert len(tables) == 1


def test_other_tools_see_the_weights(fp32_bundle: Path, tmp_path: Path) -> None:
    quantize_dynamic(str(fp32_bundle / "model.onnx"), str(tmp_path / "q.onnx"), weight_type=QuantType.QInt8)
    assert kernels.count_int8(tmp_path / "q.onnx") == 7


def test_weights_are_stored_in_one_byte_each_and_their_fp32_content_is_gone(int8_bundle: Path) -> None:
    model = onnx.load(str(int8_bundle / "model.int8.onnx"))
    kinds = {tuple(one.dims): one.data_type for one in model.graph.initializer if len(one.dims) == 2}
    assert kinds[(32, 64)] == kinds[(64, 32)] == onnx.TensorProto.INT8
    assert kinds[(32, 32)] == onnx.TensorProto.INT8
    assert "Constant" not in {node.op_type for node in model.graph.node}


@pytest.mark.parametrize("variant", ["cpu", "tensorrt"])
@pytest.mark.parametrize("by_column", [False, True])
def test_both_variants_stay_close_to_fp32(
    variant: qdq.Variant,
    by_column: bool,
    fp32_bundle: Path,
    batches: list[NDArray[np.int64]],
    tmp_path: Path,
) -> None:
    source = fp32_bundle / "model.onnx"
    scales = observed_scales(source, batches, by_column=by_column)
    assert qdq.quantize(source, scales, tmp_path / "q.onnx", variant) == 7
    assert kernels.count_int8(tmp_path / "q.onnx") == 7
    same = [
        (logits(source, ids).argmax(-1) == logits(tmp_path / "q.onnx", ids).argmax(-1)).mean() for ids in batches[:10]
    ]
    assert np.mean(same) > 0.97


def test_the_graph_for_tensorrt_has_what_old_versions_take(
    fp32_bundle: Path, scales: list[MatmulScales], tmp_path: Path
) -> None:
    convert(fp32_bundle / "model.json", fp32_bundle / "model.pdiparams", tmp_path / "fp32.onnx", TENSORRT_OPSET)
    qdq.quantize(tmp_path / "fp32.onnx", scales, tmp_path / "q.onnx", "tensorrt")
    model = onnx.load(str(tmp_path / "q.onnx"))
    assert qdq.opset(tmp_path / "q.onnx") == TENSORRT_OPSET
    assert "LayerNormalization" not in {node.op_type for node in model.graph.node}
    tensors = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    pairs = [node for node in model.graph.node if node.op_type == "QuantizeLinear"]
    assert len(pairs) == 2 * 7
    for node in pairs:
        middle = tensors[node.input[2]]
        assert middle.dtype == np.int8 and not middle.any()
    assert not [one for one in tensors.values() if one.dtype == np.int8 and one.size > 1 and one.ndim == 2]


def test_a_classifiers_head_is_int8_too(tmp_path: Path) -> None:
    task = tasks.create("classification", ["体育", "财经", "科技"])
    make_bundle(tmp_path, "news", task)
    folder = export(tmp_path / "checkpoint", tmp_path / "bundle", onnx=True).bundle
    ids = [np.arange(5, 5 + length, dtype=np.int64)[None] for length in (4, 9, 30)]
    source, target = folder / "model.onnx", tmp_path / "q.onnx"
    expected = qdq.quantize(source, observed_scales(source, ids), target)
    found = kernels.operations(target)
    assert found["QGemm"] == 2 and kernels.require_int8(target, expected) == 8  # the pooler and the head have no length
    assert np.abs(logits(target, ids[1]) - logits(source, ids[1])).max() < 0.2 * np.abs(logits(source, ids[1])).max()


def test_scales_of_another_model_are_refused(fp32_bundle: Path, scales: list[MatmulScales], tmp_path: Path) -> None:
    source = fp32_bundle / "model.onnx"
    other = dataclasses.replace(scales[0], weight_sha256="0" * 64)
    for given, reason in (
        ([other, *scales[1:]], "scales fit 6 of its 7 weight matmuls, and 1 of 7 scales fit none"),
        (scales[1:], "scales fit 6 of its 7 weight matmuls, and 0 of 6"),
        ([*scales, other], "scales fit 7 of its 7 weight matmuls, and 1 of 8"),
        ([dataclasses.replace(scales[0], weight=(1.0, 2.0)), *scales[1:]], "2 thresholds, expected 1 or 32"),
    ):
        with pytest.raises(GateError, match=reason):
            qdq.quantize(source, given, tmp_path / "q.onnx")
    assert not (tmp_path / "q.onnx").exists()


def test_a_graph_whose_kernels_are_not_int8_is_refused(fp32_bundle: Path) -> None:
    with pytest.raises(GateError, match=r"model.onnx: ONNX Runtime runs 0 of its 7 weight matmuls in int8 kernels"):
        kernels.require_int8(fp32_bundle / "model.onnx", 7)


def test_scales_that_cost_too_much_are_refused_and_nothing_is_written(
    checkpoint: Path, scales: list[MatmulScales], examples: list[Example], tmp_path: Path
) -> None:
    coarse = [dataclasses.replace(one, activation=one.activation * 1000) for one in scales]
    with pytest.raises(
        GateError,
        match=r"model.int8.onnx in ONNX Runtime at int8.*: f1 fell by .* points, allowed are 1 .*; nothing was written",
    ):
        export(checkpoint, tmp_path / "bundle", onnx=True, scales=coarse, examples=examples, max_drop=0.01)
    assert not list(tmp_path.iterdir())


def test_int8_without_anything_to_score_it_on_is_refused(
    checkpoint: Path, scales: list[MatmulScales], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="is scored before it is kept"):
        export(checkpoint, tmp_path / "bundle", onnx=True, scales=scales)


def test_the_command_makes_both_graphs_from_the_scales_of_a_bundle(
    checkpoint: Path, int8_bundle: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "paddle_ner", "export", str(checkpoint), "-o", str(tmp_path / "b"), "--json"]
    options = ["--target", "onnx", "--scales", str(int8_bundle), "--max-drop", "0.02", "--no-tune"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert report["onnx"]["int8"]["int8_matmuls"] == report["onnx"]["int8"]["matmuls"] == 7
    assert report["onnx"]["fp32"]["agreement"] == 1 and report["onnx"]["fp32"]["examples"] == 37
    assert set(report["files"]) >= {"model.onnx", "model.int8.onnx", "quantization.json"}
    assert read_scales(tmp_path / "b" / SCALES_FILE) == scales_of(int8_bundle)


def test_scales_are_for_onnx_and_come_from_a_bundle_that_has_them(
    checkpoint: Path, bundle: Path, tmp_path: Path
) -> None:
    base = [str(checkpoint), "-o", str(tmp_path / "b"), "--scales"]
    with pytest.raises(InputError, match="add --target onnx"):
        CliRunner().invoke(export_command, [*base, str(bundle)], catch_exceptions=False)
    with pytest.raises(InputError, match=r"holds no quantization.json; name a bundle that `paddle-ner compress` made"):
        CliRunner().invoke(export_command, [*base, str(bundle), "--target", "onnx"], catch_exceptions=False)
    with pytest.raises(BundleError, match=r"absent\.json: no such file"):
        CliRunner().invoke(
            export_command, [*base, str(tmp_path / "absent.json"), "--target", "onnx"], catch_exceptions=False
        )


def test_an_onnx_file_without_a_checksum_is_not_trusted(fp32_bundle: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(fp32_bundle, tmp_path / "bundle"))
    manifest = bundles.read_bundle_manifest(own)
    files = {name: digest for name, digest in manifest.files.items() if name != "model.onnx"}
    bundles.write_manifest(own, manifest.model_copy(update={"files": files}))
    with pytest.raises(BundleError, match=r"model.onnx has no sha256"):
        bundles.verify(own)


def test_measuring_counts_onnx_runtime_in_and_what_is_best_is_what_runs(
    int8_bundle: Path, examples: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Path(shutil.copytree(int8_bundle, tmp_path / "bundle"))
    monkeypatch.setattr("paddle_ner.evaluation.tuning.choice.choose", prefer_onnx_runtime)
    tuned = tune(own, examples, max_drop=0.05)
    found = {(one.engine, one.precision) for one in tuned.tuning.candidates}
    assert found >= {("paddle", "fp32"), ("onnxruntime", "fp32"), ("onnxruntime", "int8")}
    manifest = bundles.verify(own)
    assert manifest.precision == "fp32" and manifest.tuning is not None  # the first of Paddle's, as chosen above
    assert (manifest.tuning.engine, manifest.tuning.precision) == ("onnxruntime", "int8")
    loaded = paddle_ner.load(own)
    assert (loaded.info.engine, loaded.info.precision) == ("onnxruntime", "int8")
    replicas = load_replicas(own, EngineOptions())
    assert Layout(len(replicas), replicas[0].info.threads or 0) == Layout(tuned.best.replicas, tuned.best.threads)
    assert {one.info.engine for one in replicas} == {"onnxruntime"}


def prefer_onnx_runtime(candidates: Sequence[Candidate], max_drop: float) -> Candidate:
    """Stands for a machine on which ONNX Runtime at int8 is the fastest: that differs from one to another."""
    return next((one for one in candidates if (one.engine, one.precision) == ("onnxruntime", "int8")), candidates[0])
