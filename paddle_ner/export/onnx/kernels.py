"""Which kernels ONNX Runtime really runs: counted in the graph that it makes from a file for this machine."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from paddle_ner.environment import require
from paddle_ner.errors import GateError
from paddle_ner.inference.engines.onnx import session_options

# Matrix products of integers. Products that could not be fused stay MatMul, on the float of a DequantizeLinear.
INT8_PRODUCTS = frozenset(("MatMulIntegerToFloat", "MatMulInteger", "QLinearMatMul", "QGemm", "DynamicQuantizeMatMul"))


def operations(path: Path) -> Counter[str]:
    """How often each operation occurs in the graph that ONNX Runtime runs on the CPU for the ONNX file `path`.

    Raises:
        MissingPackageError: ONNX Runtime or ONNX is not installed.
        GateError: ONNX Runtime cannot load the file.
    """
    require("onnxruntime", "onnx", needed_for="counting kernels")
    import onnx
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        optimized = Path(folder) / "optimized.onnx"
        options = session_options(threads=1)
        options.optimized_model_filepath = str(optimized)
        options.log_severity_level = 3  # a file that only fits this machine is exactly what is needed here
        try:
            onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its errors have no common class but Exception
            raise GateError(f"{path.name}: ONNX Runtime cannot load it: {error}") from None
        return Counter(node.op_type for node in onnx.load(str(optimized)).graph.node)


def count_int8(path: Path) -> int:
    """How many matrix products ONNX Runtime runs in int8 kernels for the file `path`; raises as `operations`."""
    return sum(count for name, count in operations(path).items() if name in INT8_PRODUCTS)


def require_int8(path: Path, expected: int) -> int:
    """The result of `count_int8`. Raises GateError if it is not `expected`."""
    count = count_int8(path)
    if count != expected:
        raise GateError(f"{path.name}: ONNX Runtime runs {count} of its {expected} weight matmuls in int8 kernels")
    return count
