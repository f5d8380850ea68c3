"""The matrix products of an ONNX graph with a weight, which is a constant second factor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.bundle.scales import weight_hash
from paddle_ner.export.onnx.constants import Constants

_KINDS = ("MatMul", "Gemm")


@dataclass(frozen=True, slots=True)
class Product:
    """A MatMul or a Gemm, and its constants.

    Attributes:
        node: the ``onnx.NodeProto``.
        weight: float32 of shape [in, out], or [out, in] if `transposed`.
        transposed: whether the weight is stored as [out, in].
        bias: the bias of a Gemm, if it is constant.
    """

    node: Any
    weight: NDArray[np.float32]
    transposed: bool
    bias: NDArray[np.float32] | None

    @property
    def hash(self) -> str:
        """`weight_hash` of the weight."""
        return weight_hash(self.weight.T if self.transposed else self.weight)


def products(graph: Any) -> Iterator[Product]:
    """The products of an ``onnx.GraphProto``, in its order."""
    constants = Constants(graph)
    for node in graph.node:
        if node.op_type not in _KINDS or (weight := constants.get(node.input[1])) is None:
            continue
        if weight.ndim == 2 and weight.dtype == np.float32:
            flags = {attribute.name: attribute.i for attribute in node.attribute}
            bias = constants.get(node.input[2]) if len(node.input) > 2 else None
            yield Product(node, weight, bool(flags.get("transB")), bias)


def count(path: Path) -> int:
    """The number of products in the fp32 ONNX file `path`."""
    import onnx

    return sum(1 for _ in products(onnx.load(str(path)).graph))


def make_gemm(model: Any) -> None:
    """Turn each product of two matrices and the addition of its bias into a Gemm, in place.

    ONNX Runtime does that too, but then it is too late to round the bias, and it has no int8 kernel for a float bias.
    """
    import onnx

    inferred = onnx.shape_inference.infer_shapes(model).graph.value_info
    types = {value.name: value.type.tensor_type for value in inferred}
    ranks = {name: len(kind.shape.dim) for name, kind in types.items() if kind.HasField("shape")}
    graph = model.graph
    constants = Constants(graph)
    of_matrices = {
        product.node.output[0]: product.node
        for product in products(graph)
        if product.node.op_type == "MatMul" and ranks.get(product.node.input[0]) == 2
    }
    readers = Counter(
        constants.origin(name) for node in graph.node if node.op_type != "Identity" for name in node.input
    )
    readers.update(constants.origin(output.name) for output in graph.output)
    for node in graph.node:
        if node.op_type != "Add":
            continue
        for value, added in (tuple(node.input), tuple(reversed(node.input))):
            product, bias = of_matrices.get(constants.origin(value)), constants.get(added)
            if product is not None and bias is not None and bias.ndim == 1 and readers[product.output[0]] == 1:
                product.op_type = "Gemm"
                product.input.append(added)
                node.op_type = "Identity"
                node.input[:] = [value]
                break
