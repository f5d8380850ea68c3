"""Which operators a graph may contain. A graph is a program: some operators read and write files, or call other code.

A bundle's graph may contain operators that compute tensors from tensors; an encoder with a head needs no others. All
others are refused before an engine opens the file: control flow, custom operators, input and output, and unknown
operators. This check needs neither Paddle nor ONNX.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from paddle_ner.bundle.protobuf import fields, messages, strings
from paddle_ner.errors import BundleError

# Names in Paddle's old IR, if the new one has another name or none.
_OLD = """
dequantize_linear elementwise_add elementwise_div elementwise_max elementwise_min elementwise_mul elementwise_pow
elementwise_sub expand_as_v2 expand_v2 feed fill_any_like fill_constant flatten_contiguous_range hard_sigmoid
hard_swish lookup_table_v2 matmul_v2 mul quantize_linear range reduce_max reduce_mean reduce_min reduce_prod reduce_sum
reshape2 size squeeze2 top_k_v2 transpose2 tril_triu unsqueeze2
"""
# Names in the new IR, if the old one has another.
_NEW = """
add arange data divide embedding expand expand_as flatten full full_int_array full_like full_with_tensor hardsigmoid
hardswish logsumexp matmul max maximum mean min minimum multiply numel pad prod reshape round shape64 sign
split_with_num squeeze subtract sum topk transpose tril triu unsqueeze
"""
_COMMON = """
abs argmax assign bmm cast ceil clip concat cos cumsum einsum elu equal erf exp fetch floor gather gather_nd
gelu greater_equal greater_than index_select layer_norm leaky_relu less_equal less_than log log_softmax logical_and
logical_not logical_or mish not_equal one_hot pow relu relu6 rsqrt scale shape sigmoid silu sin slice softmax softplus
softsign split sqrt square stack strided_slice swish take_along_axis tanh tile unstack where
"""
_ONNX = """
Abs Add And ArgMax Cast Ceil Clip Concat Constant ConstantOfShape Cos CumSum DequantizeLinear Div Einsum Elu Equal Erf
Exp Expand Flatten Floor Gather GatherElements GatherND Gelu Gemm Greater GreaterOrEqual HardSigmoid HardSwish Identity
LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax MatMul MatMulInteger Max Mean Min Mish Mul Neg Not OneHot
Or Pow QuantizeLinear Range ReduceL2 ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum Relu Reshape
Round Shape Sigmoid Sign Sin Size Slice Softmax Softplus Softsign Split Sqrt Squeeze Sub Sum Tanh Tile TopK Transpose
Trilu Unsqueeze Where
"""
OLD_OPERATORS = frozenset((_OLD + _COMMON).split())
# "0." and "1." stand for the dialects builtin and pd_op; "p" is a parameter.
NEW_OPERATORS = frozenset(("p", "0.combine", "0.slice", "0.split", *(f"1.{name}" for name in (_NEW + _COMMON).split())))
ONNX_OPERATORS = frozenset(_ONNX.split())

_DIALECTS = {"0": "builtin", "1": "pd_op"}


def check_graph(path: Path) -> None:
    """Raise BundleError, naming the operator, where the graph in `path` may do anything but compute.

    Args:
        path: ``model.json`` (Paddle's new IR), ``.pdmodel`` (its old one) or ``.onnx``.
    """
    readers: dict[str, Callable[[Path], Iterator[str]]] = {
        ".json": _new_ir,
        ".pdmodel": _old_ir,
        ".onnx": _onnx,
    }
    reader = readers.get(path.suffix)
    if reader is None:
        raise BundleError(f"{path}: a graph of an unknown kind, expected one of {', '.join(readers)}")
    try:
        refused = next(reader(path), None)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError(f"{path}: cannot be read as a graph: {type(error).__name__}: {error}") from None
    if refused is not None:
        raise BundleError(f"{path}: holds {refused}, which no export of paddle-ner writes; it is not opened")


def _new_ir(path: Path) -> Iterator[str]:
    record = json.loads(path.read_bytes().decode("utf-8"), object_pairs_hook=_without_repeated)
    for region in record["program"]["regions"]:
        for block in region["blocks"]:
            for operation in block["ops"]:
                name = str(operation["#"])
                dialect, dot, short = name.partition(".")
                title = f"the operator {_DIALECTS.get(dialect, dialect) + dot + short[:100]!r}"
                if name not in NEW_OPERATORS:
                    yield title
                if "regions" in operation:
                    yield f"{title} with a graph of its own"


def _without_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. Raises ValueError for a repeated name, since another reader may take the other value."""
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("a name is twice in one object")
    return record


def _old_ir(path: Path) -> Iterator[str]:
    for block in messages(memoryview(path.read_bytes()), 1):  # ProgramDesc.blocks
        for operation in messages(block, 4):  # BlockDesc.ops
            for name in strings(operation, 3) or [""]:  # OpDesc.type
                if name not in OLD_OPERATORS:
                    yield f"the operator {name[:100]!r}"


def _onnx(path: Path) -> Iterator[str]:
    """Numbers of fields: see onnx.proto3 of ONNX 1.17."""
    with path.open("rb") as file:
        model = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    if _has(model, 20) or _has(model, 25):  # training_info, functions
        yield "functions or a training"
    for graph in messages(model, 7):
        if _has(graph, 15):  # sparse_initializer
            yield "a sparse weight"
        for tensor in messages(graph, 5):
            yield from _of_tensor(tensor)
        for node in messages(graph, 1):
            yield from _of_node(node)


def _of_node(node: memoryview) -> Iterator[str]:
    domains = [name for name in strings(node, 7) if name not in ("", "ai.onnx")]
    names = strings(node, 4) or [""]
    if domains or not ONNX_OPERATORS.issuperset(names):
        yield f"the operator {'.'.join([*domains, *names])[:100]!r}"
    for attribute in messages(node, 5):
        if any(_has(attribute, number) for number in (6, 11, 22, 23)):  # g, graphs, sparse_tensor, sparse_tensors
            yield f"the operator {names[0][:100]!r} with a graph or a sparse tensor of its own"
        for number in (5, 10):  # t, tensors
            for tensor in messages(attribute, number):
                yield from _of_tensor(tensor)


def _has(message: memoryview, number: int) -> bool:
    return any(field == number for field, _ in fields(message))


def _of_tensor(tensor: memoryview) -> Iterator[str]:
    for number, value in fields(tensor):
        if number == 13 or (number == 14 and value):  # external_data, data_location
            yield "a weight in another file"
            return
