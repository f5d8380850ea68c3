"""Converts the graph to ONNX with Paddle2ONNX, in a separate process, since it aborts on what it cannot convert."""

from __future__ import annotations

import sys
from pathlib import Path

from paddle_ner import processes
from paddle_ner.environment import require
from paddle_ner.errors import GateError
from paddle_ner.export.onnx.constants import drop_unused, make_initializers
from paddle_ner.export.onnx.qdq import check

OPSET = 17  # the first with LayerNormalization
# TensorRT before 8.6 (JetPack 5.1 has 8.5) has no LayerNormalization; up to this opset Paddle2ONNX writes its parts.
TENSORRT_OPSET = 16
FILE = "model.onnx"

# No optimize_tool: with its default, polygraphy, Paddle2ONNX 2.1.0 makes pip install onnx_graphsurgeon, and with it a
# NumPy that breaks PaddleNLP. ONNX Runtime optimizes the graph itself when it loads it.
_CONVERT = """
import sys
sys.path[:] = [path for path in sys.path if path]  # Python 3.10 puts the working directory first
import paddle2onnx
graph, weights, target, opset = sys.argv[1:]
paddle2onnx.export(
    graph, weights, target, opset_version=int(opset), enable_onnx_checker=True, optimize_tool="None"
)
"""


def convert(graph: Path, weights: Path, target: Path, opset: int = OPSET) -> None:
    """Write `target`, with the names of the graph's inputs and with dynamic batch and length.

    Args:
        graph: model.json of a static fp32 graph.
        weights: its parameters.
        target: the file to write.
        opset: the version of ONNX's operators; `TENSORRT_OPSET` for a Jetson.

    Raises:
        MissingPackageError: Paddle2ONNX or ONNX is not installed.
        GateError: the conversion failed, or its output is not an ONNX graph.
    """
    require("paddle2onnx", "onnx", needed_for="export --target onnx")
    done = processes.run([sys.executable, "-c", _CONVERT, str(graph), str(weights), str(target), str(opset)])
    if done.status != 0 or not target.is_file():
        raise GateError(f"{graph}: Paddle2ONNX made no usable graph: {done.reason}")
    import onnx

    model = onnx.load(str(target))
    make_initializers(model.graph)
    drop_unused(model.graph)
    onnx.save(model, str(target))
    check(target)
