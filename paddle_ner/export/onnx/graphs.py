"""The ONNX files of a bundle: always fp32, and int8 if the scales of a calibration are given; all of them are run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

from paddle_ner.bundle import BundleManifest, OnnxGraph, Precision
from paddle_ner.bundle.scales import FILE as SCALES_FILE
from paddle_ner.bundle.scales import MatmulScales, read_scales
from paddle_ner.environment import require
from paddle_ner.errors import InputError
from paddle_ner.evaluation import gate
from paddle_ner.evaluation.score import score
from paddle_ner.evaluation.tuning.timing import open_predictors
from paddle_ner.export.onnx import kernels, products, qdq
from paddle_ner.export.onnx.convert import FILE, convert
from paddle_ner.inference.engines import EngineName, EngineOptions
from paddle_ner.tasks.metrics import Report
from paddle_ner.types import Example, Prediction

INT8_FILE = "model.int8.onnx"


def scales_of(path: Path) -> list[MatmulScales]:
    """The scales in `path`: an int8 bundle, or its ``quantization.json``.

    Raises:
        InputError: the bundle has no scales.
        BundleError: the file is missing, or not ours.
    """
    if not path.is_dir():
        return read_scales(path)
    if not (path / SCALES_FILE).is_file():
        raise InputError(f"{path}: holds no {SCALES_FILE}; name a bundle that `paddle-ner compress` made")
    return read_scales(path / SCALES_FILE)


def write_graphs(
    graph: Path, weights: Path, folder: Path, scales: Sequence[MatmulScales] | None = None
) -> dict[Precision, OnnxGraph]:
    """Write the ONNX files of a static fp32 graph into `folder`, and return their entries for the manifest.

    Args:
        graph: model.json of the graph.
        weights: its parameters.
        folder: where the files go.
        scales: scales for the same graph, for an additional int8 file.

    Raises:
        MissingPackageError: Paddle2ONNX, ONNX or ONNX Runtime is not installed.
        GateError: a file could not be made, or ONNX Runtime does not run all of the int8 file's products in int8.
    """
    require("paddle2onnx", "onnx", "onnxruntime", needed_for="export --target onnx")
    exact = folder / FILE
    convert(graph, weights, exact)
    runtime, matmuls = metadata.version("onnxruntime"), products.count(exact)
    graphs: dict[Precision, OnnxGraph] = {
        "fp32": OnnxGraph(file=FILE, opset=qdq.opset(exact), runtime=runtime, matmuls=matmuls)
    }
    if scales is not None:
        rounded = folder / INT8_FILE
        qdq.quantize(exact, scales, rounded, "cpu")
        count = kernels.require_int8(rounded, matmuls)
        graphs["int8"] = OnnxGraph(
            file=INT8_FILE, opset=qdq.opset(rounded), runtime=runtime, matmuls=matmuls, int8_matmuls=count
        )
    return graphs


def score_graphs(
    folder: Path,
    manifest: BundleManifest,
    examples: Sequence[Example],
    max_drop: float,
    advance: Callable[[float], None] = lambda _: None,
) -> dict[Precision, OnnxGraph]:
    """The ONNX graphs of a folder, scored on `examples` in ONNX Runtime and compared with the fp32 graph in Paddle.

    Args:
        folder: holds the Paddle graph at fp32 and the ONNX files.
        manifest: the manifest of that folder, in which it need not be yet.
        examples: labelled, such as the dev set.
        max_drop: how much lower than Paddle's a score in ONNX Runtime may be, both from 0 to 1.
        advance: called with the share of the work done, from 0 to 1.

    Raises:
        InputError: an example does not fit the task.
        GateError: the score of a graph fell by more than `max_drop`.
    """
    done, total = 0, (1 + len(manifest.onnx)) * len(examples)

    def count(scored: int) -> None:
        nonlocal done
        done += scored
        advance(done / total)

    def run(engine: EngineName, precision: Precision) -> tuple[Report, list[Prediction]]:
        return score(open_predictors(folder, manifest, EngineOptions(engine, precision=precision))[0], examples, count)

    exact, expected = run("paddle", "fp32")
    graphs: dict[Precision, OnnxGraph] = {}
    for precision, graph in manifest.onnx.items():
        report, answers = run("onnxruntime", precision)
        drop = gate.require(f"{graph.file} in ONNX Runtime at {precision}, beside Paddle", exact, report, max_drop)
        graphs[precision] = graph.model_copy(
            update={
                "metric": report.metric,
                "examples": len(examples),
                "score": report.value,
                "drop": drop,
                "agreement": gate.agreement(expected, answers),
            }
        )
    return graphs
