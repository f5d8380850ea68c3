"""What TensorRT 8.5 takes of an ONNX graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddle_ner.errors import GateError
from paddle_ner.export.edge.tensorrt import fit

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


def save(path: Path, nodes: Any, kind: int) -> Path:
    helper = onnx.helper
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", kind, ["rows", "tokens"])],
        [helper.make_tensor_value_info("y", kind, ["rows", "tokens"])],
        [onnx.numpy_helper.from_array(np.array(1, np.int64), "axis")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8), str(path))
    return path


def test_a_sum_of_whole_numbers_is_made_of_floats_and_stays_the_same(tmp_path: Path) -> None:
    helper, int64 = onnx.helper, onnx.TensorProto.INT64
    nodes = [
        helper.make_node("Mul", ["x", "x"], ["squares"]),
        helper.make_node("CumSum", ["squares", "axis"], ["y"]),
    ]
    path = save(tmp_path / "sum.onnx", nodes, int64)
    values = {"x": np.arange(600, dtype=np.int64).reshape(2, 300) % 5}
    before = onnxruntime.InferenceSession(str(path)).run(None, values)[0]
    fit(path)
    after = onnxruntime.InferenceSession(str(path)).run(None, values)[0]
    assert after.dtype == before.dtype and (after == before).all()
    kinds = [node.op_type for node in onnx.load(str(path)).graph.node]
    assert kinds == ["Mul", "Cast", "CumSum", "Cast"]


def test_an_operator_that_it_has_not_is_named(tmp_path: Path) -> None:
    node = onnx.helper.make_node("HardSwish", ["x"], ["y"])
    path = save(tmp_path / "new.onnx", [node], onnx.TensorProto.FLOAT)
    with pytest.raises(GateError, match=r"new\.onnx: TensorRT 8\.5 has no HardSwish; nothing was written"):
        fit(path)
