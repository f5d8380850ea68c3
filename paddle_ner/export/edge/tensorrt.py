"""Which ONNX graphs TensorRT 8.5 of JetPack 5.1 accepts, so that a graph is not first refused on a device.

Source: the support matrix of TensorRT's ONNX parser, github.com/onnx/onnx-tensorrt, docs/operators.md and
docs/Changelog.md. LayerNormalization, for one, came with 8.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from paddle_ner.errors import GateError

OLDEST = "8.5"
# The operators of encoders; the parser knows more.
_KNOWN = """
Abs Add And Cast Clip Concat Constant ConstantOfShape CumSum DequantizeLinear Div Equal Erf Exp Expand Flatten Gather
GatherElements GatherND Gemm Greater GreaterOrEqual Identity Less LessOrEqual Log MatMul Max Mean Min Mul Neg Not Or
Pad Pow QuantizeLinear Range ReduceMax ReduceMean ReduceMin ReduceSum Relu Reshape Shape Sigmoid Sign Slice Softmax
Split Sqrt Squeeze Sub Sum Tanh Tile Transpose Unsqueeze Where
"""
OPERATORS = frozenset(_KNOWN.split())


def name_outputs(path: Path, names: Sequence[str]) -> None:
    """Give the outputs of an ONNX file, in their order, the names that the task reads."""
    import onnx

    model = onnx.load(str(path))
    new = dict(zip((output.name for output in model.graph.output), names, strict=True))
    for node in model.graph.node:
        node.input[:] = [new.get(name, name) for name in node.input]
        node.output[:] = [new.get(name, name) for name in node.output]
    for value in (*model.graph.output, *model.graph.initializer):
        value.name = new.get(value.name, value.name)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def fit(path: Path) -> None:
    """Rewrite what TensorRT only accepts in another form: its CumSum is for floats, and positions are integers.

    Raises:
        GateError: an operator that TensorRT 8.5 does not know.
    """
    import onnx
    from onnx import TensorProto, helper

    model = onnx.load(str(path))
    unknown = {node.op_type for node in model.graph.node if node.domain or node.op_type not in OPERATORS}
    if unknown:
        raise GateError(f"{path.name}: TensorRT {OLDEST} has no {', '.join(sorted(unknown))}; nothing was written")
    values = {value.name: value for value in onnx.shape_inference.infer_shapes(model).graph.value_info}
    nodes = []
    for node in model.graph.node:
        source = values.get(node.input[0]) if node.op_type == "CumSum" else None
        kind = source.type.tensor_type.elem_type if source is not None else TensorProto.FLOAT
        if kind == TensorProto.FLOAT:
            nodes.append(node)
            continue
        taken, given = f"{node.output[0]}.float", f"{node.output[0]}.sum"
        before = helper.make_node("Cast", [node.input[0]], [taken], to=TensorProto.FLOAT)
        after = helper.make_node("Cast", [given], [node.output[0]], to=kind)
        node.input[0], node.output[0] = taken, given
        nodes += [before, node, after]
    if len(nodes) == len(model.graph.node):
        return
    kept = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
