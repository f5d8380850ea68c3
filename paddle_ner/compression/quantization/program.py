"""PaddleSlim's quantized program, and what is kept of it. For the worker: the old IR, in static mode.

Its calibration puts a pair of quantize_linear and dequantize_linear after every operation that it observed, including
the addition of the attention mask. oneDNN reads each pair as a scale: a matrix product whose output has a pair produces
int8, which is dequantized at once if nothing consumes int8. That costs time and accuracy; without a scale there, the
product produces fp32 itself. So pairs are only kept on the inputs of the products that run in int8.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.bundle.scales import MatmulScales, weight_hash

PRODUCTS = ("matmul_v2", "matmul", "mul")
_PAIR = ("quantize_linear", "dequantize_linear")
_SMALLEST = 1e-8  # a column of zeros does not have its own threshold


class Quantized:
    """A quantized program and the places of its pairs.

    Args:
        program: as PaddleSlim saved it.
        outputs: names of its outputs.
    """

    def __init__(self, program: Any, outputs: set[str]) -> None:
        self._block = program.global_block()
        self._outputs = outputs
        self._maker = {name: operation for operation in self._block.ops for name in operation.output_arg_names}
        weights = {variable.name for variable in program.list_vars() if variable.persistable}
        self._source: dict[str, str] = {}  # dequantized variable → the variable that was quantized
        self._weight: dict[str, Any] = {}  # dequantized weight → the operation that dequantizes it
        for operation in self._block.ops:
            if operation.type == "dequantize_linear":
                (given,), (result,) = operation.input("X"), operation.output("Y")
                if given in weights:
                    self._weight[result] = operation
                else:
                    self._source[result] = self._maker[given].input("X")[0]

    def keep(self, values: bool) -> None:
        """Remove every pair except those on the inputs of products with a weight and, with `values`, with softmax."""
        for operation in self._block.ops:
            if operation.type in _PAIR or self._is_kept(operation, values):
                continue
            for name in list(operation.input_arg_names):
                if name in self._source:
                    operation._rename_input(name, self._source[name])
        while dead := self._unused():
            for index in reversed(dead):
                self._block._remove_op(index)

    def scales(self, read: Any, original: dict[str, NDArray[np.float32]]) -> list[MatmulScales]:
        """The scales of every product with a weight, in the order of the program.

        Args:
            read: returns the value of a variable by its name.
            original: fp32 weights by name.
        """
        scales = []
        for operation in self._block.ops:
            weight = next((name for name in operation.input_arg_names if name in self._weight), None)
            if operation.type not in PRODUCTS or weight is None:
                continue
            activation = next(name for name in operation.input_arg_names if name != weight)
            dequantize = self._weight[weight]
            (threshold,) = self._maker[activation].input("Scale")
            columns = np.maximum(np.ravel(read(dequantize.input("Scale")[0])), _SMALLEST)
            scales.append(
                MatmulScales(
                    weight_sha256=weight_hash(original[dequantize.input("X")[0]]),
                    activation=float(np.ravel(read(threshold))[0]),
                    weight=tuple(float(each) for each in columns),
                )
            )
        return scales

    def _is_kept(self, operation: Any, values: bool) -> bool:
        if operation.type not in PRODUCTS:
            return False
        names = operation.input_arg_names
        if any(name in self._weight for name in names):
            return True
        makers = [self._maker.get(self._source.get(name, name)) for name in names]
        return values and any(maker is not None and maker.type == "softmax" for maker in makers)

    def _unused(self) -> list[int]:
        used = {name for operation in self._block.ops for name in operation.input_arg_names} | self._outputs
        return [
            index
            for index, operation in enumerate(self._block.ops)
            if operation.type in _PAIR and not used & set(operation.output_arg_names)
        ]
