"""The ONNX files of a bundle: fp32 always, int8 where a calibration's scales are given; none that was not run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

from paddle_ner import bundle
from paddle_ner.bundle import BundleManifest, OnnxGraph, Precision
from paddle_ner.bundle.scales import FILE as SCALES_FILE
from paddle_ner.bundle.scales import MatmulScales, read_scales
from paddle_ner.environment import require
from paddle_ner.errors import GateError, InputError
from paddle_ner.evaluation.gate import agreement
from paddle_ner.evaluation.score import score
from paddle_ner.export.onnx import kernels, products, qdq
from paddle_ner.export.onnx.convert import FILE, convert
from paddle_ner.inference.engines import EngineName, EngineOptions
from paddle_ner.inference.engines.open import open_engine
from paddle_ner.inference.predictor import Predictor
from paddle_ner.types import Example, Prediction

INT8_FILE = "model.int8.onnx"


def scales_of(path: Path) -> list[MatmulScales]:
    """The scales in `path`: an int8 bundle, or the ``quantization.json`` of one.

    Raises:
        InputError: the bundle holds none.
        BundleError: the file is not there, or not ours.
    """
    if not path.is_dir():
        return read_scales(path)
    if not (path / SCALES_FILE).is_file():
        raise InputError(f"{path}: holds no {SCALES_FILE}; name a bundle that `paddle-ner compress` made")
    return read_scales(path / SCALES_FILE)


def write_graphs(
    graph: Path, weights: Path, folder: Path, scales: Sequence[MatmulScales] | None = None
) -> dict[Precision, OnnxGraph]:
    """Write the ONNX files of a static fp32 graph into `folder`, and give what the manifest says of them.

    Args:
        graph: model.json of the graph.
        weights: its parameters.
        folder: where the files go.
        scales: of the same graph; with them there is an int8 file too.

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
    graphs: dict[Precision, OnnxGraph],
    examples: Sequence[Example],
    max_drop: float,
    advance: Callable[[float], None] = lambda _: None,
) -> dict[Precision, OnnxGraph]:
    """`graphs` with what they make of `examples` in ONNX Runtime, beside the fp32 graph in Paddle.

    Args:
        folder: holds the Paddle graph at fp32 and the ONNX files.
        manifest: of that folder; its ONNX files need not be in it yet.
        graphs: to score.
        examples: labelled, such as the dev set.
        max_drop: how far below Paddle's score one of ONNX Runtime may be, both from 0 to 1.
        advance: called with the share of the work done, from 0 to 1.

    Raises:
        InputError: an example does not fit the task.
        GateError: a graph's score dropped by more than `max_drop`.
    """
    whole = manifest.model_copy(update={"onnx": graphs})
    tokenizer = bundle.load_tokenizer(folder)
    done, total = 0, (1 + len(graphs)) * len(examples)

    def count(some: int) -> None:
        nonlocal done
        done += some
        advance(done / total)

    def scored(engine: EngineName, precision: Precision) -> tuple[float, str, list[Prediction]]:
        opened = open_engine(folder, whole, EngineOptions(engine, precision=precision))
        report, answers = score(Predictor(whole, tokenizer, opened), examples, count)
        return report.value, report.metric, answers

    exact, metric, expected = scored("paddle", "fp32")
    found: dict[Precision, OnnxGraph] = {}
    for precision, graph in graphs.items():
        value, _, answers = scored("onnxruntime", precision)
        drop, same = exact - value, agreement(expected, answers)
        if drop > max_drop:
            raise GateError(
                f"{graph.file}: {metric} in ONNX Runtime at {precision} is {100 * value:.2f} on {len(examples)}"
                f" examples, {100 * drop:.2f} points below Paddle at fp32, allowed are {100 * max_drop:g};"
                " nothing was written"
            )
        found[precision] = graph.model_copy(
            update={"metric": metric, "examples": len(examples), "score": value, "drop": drop, "agreement": same}
        )
    return found
