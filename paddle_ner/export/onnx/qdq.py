"""An int8 ONNX graph from an fp32 graph and the scales of a calibration: pairs of QuantizeLinear and DequantizeLinear
around the matrix products with a weight, and nothing else.

The products inside attention and the addition of its mask stay fp32: one int8 step of a scale that covers the mask is
larger than all attention scores.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from paddle_ner.bundle.scales import LARGEST, MatmulScales
from paddle_ner.environment import require
from paddle_ner.errors import GateError
from paddle_ner.export.onnx.constants import drop_unused
from paddle_ner.export.onnx.products import Product, make_gemm, products

# cpu: activations as uint8 around 128, weights as int8, for the fast kernels of ONNX Runtime.
# tensorrt: activations as int8 around 0, the only kind that TensorRT accepts; the weights stay fp32 with their own
# pair, since releases of TensorRT 8 are reported to refuse int8 weights ("invalid weights type of Int8"); and every
# product has its own pair, as in NVIDIA's tools.
Variant = Literal["cpu", "tensorrt"]

_MIDDLE = 128  # the uint8 that stands for 0


def quantize(source: Path, scales: Sequence[MatmulScales], target: Path, variant: Variant = "cpu") -> int:
    """Write `target`, the int8 graph of the fp32 graph in `source`: the same inputs, outputs and opset.

    Args:
        source: made by `paddle_ner.export.onnx.convert.convert`.
        scales: one for each matrix product with a weight, matched by the weight's content.
        target: the file to write.
        variant: what will run it, ``cpu`` (ONNX Runtime) or ``tensorrt``.

    Returns:
        How many matrix products are int8 in it.

    Raises:
        MissingPackageError: ONNX is not installed.
        GateError: a product has no scales, scales have no product, or ONNX's checker refuses the result.
    """
    require("onnx", needed_for="an int8 ONNX graph")
    import onnx

    model = onnx.load(str(source))
    if variant == "cpu":
        make_gemm(model)
    weighted = list(products(model.graph))
    given: dict[str, list[MatmulScales]] = defaultdict(list)
    for scale in scales:
        given[scale.weight_sha256].append(scale)
    matched = [(product, given[key].pop(0)) for product in weighted if given.get(key := product.hash)]
    left = sum(map(len, given.values()))
    if len(matched) < len(weighted) or left or not weighted:
        raise GateError(
            f"{source.name}: scales fit {len(matched)} of its {len(weighted)} weight matmuls, and {left} of"
            f" {len(scales)} scales fit none; quantize the very checkpoint that is exported"
        )
    writer = _Writer(model.graph, variant)
    for product, scale in matched:
        writer.quantize(product, scale)
    writer.finish()
    onnx.save(model, str(target))
    check(target)
    return len(matched)


def check(path: Path) -> None:
    """Run ONNX's checker over the file. Raises GateError if it refuses the file."""
    import onnx

    try:
        onnx.checker.check_model(str(path))
    except Exception as error:  # onnx raises many kinds of errors, including protobuf's
        raise GateError(f"{path.name}: ONNX's checker refuses it: {error}") from None


def opset(path: Path) -> int:
    """The version of ONNX's own operators that the graph in `path` is written in."""
    import onnx

    imports = onnx.load(str(path), load_external_data=False).opset_import
    return int(next(entry.version for entry in imports if not entry.domain))


class _Writer:
    """Puts the pairs into a graph: nodes before their readers, constants as initializers."""

    def __init__(self, graph: Any, variant: Variant) -> None:
        self._graph = graph
        self._variant = variant
        self._before: dict[str, list[Any]] = defaultdict(list)  # by the output of the node that reads them
        self._pairs: dict[tuple[str, float], str] = {}
        self._count = 0

    def quantize(self, product: Product, scales: MatmulScales) -> None:
        """Make the node of `product` read rounded values."""
        node = product.node
        key = (node.input[0], scales.activation)
        if self._variant == "tensorrt" or key not in self._pairs:
            middle = np.array(_MIDDLE, np.uint8) if self._variant == "cpu" else np.array(0, np.int8)
            constants = self._constants(np.float32(scales.activation / LARGEST), middle)
            self._pairs[key] = self._pair(node, node.input[0], constants)
        node.input[0] = self._pairs[key]
        steps = self._weight(product, scales)
        if self._variant == "cpu" and product.bias is not None:
            self._bias(product, steps * np.float32(scales.activation / LARGEST))

    def _bias(self, product: Product, steps: NDArray[np.float32]) -> None:
        """Make a Gemm add an int32 bias, in steps of its products."""
        assert product.bias is not None
        rounded = np.rint(product.bias / steps.astype(np.float64)).astype(np.int32)
        inputs = [self._constant("bias", rounded), *self._constants(steps, np.zeros(steps.shape, np.int32))]
        axis = {"axis": 0} if steps.ndim else {}
        product.node.input[2] = self._node(product.node, "DequantizeLinear", inputs, **axis)

    def _weight(self, product: Product, scales: MatmulScales) -> NDArray[np.float32]:
        """Make the node read the rounded weight; returns its steps, one for all or one for each output column."""
        columns = product.weight.shape[0 if product.transposed else 1]
        if len(scales.weight) not in (1, columns):
            raise GateError(
                f"weight {scales.weight_sha256[:12]}: {len(scales.weight)} thresholds, expected 1 or {columns}, one a"
                " column"
            )
        steps = np.array(scales.weight, np.float32) / np.float32(LARGEST)
        axis = {} if len(steps) == 1 else {"axis": 0 if product.transposed else 1}
        by_column = steps[:, None] if product.transposed else steps
        steps = steps.reshape(()) if len(steps) == 1 else steps
        constants = self._constants(steps, np.zeros(steps.shape, np.int8))
        if self._variant == "tensorrt":
            weight = self._pair(product.node, self._constant("weight", product.weight), constants, **axis)
        else:
            rounded = np.clip(np.rint(product.weight / by_column), -LARGEST, LARGEST).astype(np.int8)
            weight = self._node(
                product.node, "DequantizeLinear", [self._constant("weight", rounded), *constants], **axis
            )
        product.node.input[1] = weight
        return steps

    def _pair(self, reader: Any, value: str, constants: Sequence[str], **attributes: int) -> str:
        rounded = self._node(reader, "QuantizeLinear", [value, *constants], **attributes)
        return self._node(reader, "DequantizeLinear", [rounded, *constants], **attributes)

    def _node(self, reader: Any, kind: str, inputs: Sequence[str], **attributes: int) -> str:
        from onnx import helper

        name = self._name(kind)
        self._before[reader.output[0]].append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def _constants(self, step: NDArray[np.float32] | np.float32, middle: NDArray[Any]) -> list[str]:
        return [self._constant("scale", np.asarray(step, np.float32)), self._constant("zero_point", middle)]

    def _constant(self, kind: str, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = self._name(kind)
        self._graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(value).reshape(value.shape), name))
        return name

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"int8.{kind}.{self._count}"

    def finish(self) -> None:
        """Put the new nodes in their places and drop the fp32 weights, which nothing reads any more."""
        nodes = [each for node in self._graph.node for each in (*self._before.get(node.output[0], ()), node)]
        del self._graph.node[:]
        self._graph.node.extend(nodes)
        drop_unused(self._graph)
