"""Pads the attention heads of an OpenVINO graph with zeros to a width at which bf16 kernels are fast."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

# A row of an AMX tile holds 32 bf16 numbers. Heads of width 26, as in ernie-3.0-nano, leave a remainder in every
# product of attention and of the layers around it: with padding, a batch takes an eighth less time.
_TILE = 32


def widen_heads(graph: Any) -> None:
    """Change an ``openvino.Model`` in place if its heads are no multiple of 32 wide; its results stay the same.

    Zeros in queries and keys add nothing to their product; zeros in values come out as zeros, which meet rows of zeros
    in the next layer. A graph that is not built in the way of `paddle_ner.export` is not changed.
    """
    splits = list(_splits(graph))
    merges = list(_merges(graph, {(heads, width) for *_, heads, width in splits}))
    if not merges or len(splits) != 3 * len(merges) or len({shape[-2:] for shape in splits}) != 1:
        return
    heads, width = splits[0][-2:]
    wide = -(-width // _TILE) * _TILE
    for reshape, add, product, _, _ in splits:
        for node in (product, add):
            _replace(node, 1, _filled(_constant(node, 1), heads, width, wide, axis=-1))
        _replace(reshape, 1, np.array([0, 0, heads, wide], dtype=np.int64))
    for reshape, product in merges:
        _replace(product, 1, _filled(_constant(product, 1), heads, width, wide, axis=0))
        _replace(reshape, 1, np.array([0, 0, heads * wide], dtype=np.int64))
    graph.validate_nodes_and_infer_types()


def _splits(graph: Any) -> Iterator[tuple[Any, Any, Any, int, int]]:
    """Where queries, keys and values are split into heads: Reshape, and the Add and MatMul before it, heads, width."""
    for reshape in graph.get_ordered_ops():
        shape = _shape(reshape)
        if shape is None or len(shape) != 4 or shape[-1] % _TILE == 0:
            continue
        add = _source(reshape)
        product = _source(add)
        columns = shape[2] * shape[3]
        weight, bias = _constant(product, 1), _constant(add, 1)
        if (
            (add.get_type_name(), product.get_type_name()) == ("Add", "MatMul")
            and weight is not None
            and bias is not None
            and (weight.ndim, weight.shape[-1], bias.shape) == (2, columns, (columns,))
            and not product.get_attributes()["transpose_b"]
        ):
            yield reshape, add, product, shape[2], shape[3]


def _merges(graph: Any, widths: set[tuple[int, int]]) -> Iterator[tuple[Any, Any]]:
    """Where such heads are concatenated again: Reshape, and the MatMul after it."""
    columns = {heads * width for heads, width in widths}
    for reshape in graph.get_ordered_ops():
        shape = _shape(reshape)
        if (
            shape is None
            or len(shape) != 3
            or shape[-1] not in columns
            or _source(reshape).get_type_name() != "Transpose"
        ):
            continue
        targets = list(_targets(reshape))
        weight = _constant(targets[0], 1) if len(targets) == 1 and targets[0].get_type_name() == "MatMul" else None
        if weight is not None and weight.shape[0] == shape[-1] and not targets[0].get_attributes()["transpose_b"]:
            yield reshape, targets[0]


def _shape(node: Any) -> list[int] | None:
    """The shape that a Reshape gives its input after batch and length, which it keeps; None for anything else."""
    pattern = _constant(node, 1) if node.get_type_name() == "Reshape" else None
    if pattern is None or pattern.ndim != 1 or pattern[:2].tolist() != [0, 0]:
        return None
    return [int(size) for size in pattern]


def _source(node: Any) -> Any:
    """The node that computes the first input of `node`, skipping nodes that only pass it on."""
    if not node.inputs():
        return node
    source = node.input_value(0).get_node()
    return _source(source) if source.get_type_name() == "Identity" else source


def _targets(node: Any) -> Iterator[Any]:
    """The node that uses the output of `node`, skipping nodes that only pass it on."""
    for target_input in node.output(0).get_target_inputs():
        target = target_input.get_node()
        if target.get_type_name() == "Identity":
            yield from _targets(target)
        else:
            yield target


def _constant(node: Any, position: int) -> NDArray[Any] | None:
    """The value of an input, if it is constant."""
    if len(node.inputs()) <= position:
        return None
    source = node.input_value(position).get_node()
    if source.get_type_name() == "Identity":
        source = _source(source)
    return np.array(source.get_data()) if source.get_type_name() == "Constant" else None


def _replace(node: Any, position: int, value: NDArray[Any]) -> None:
    from openvino import opset13

    node.input(position).replace_source_output(opset13.constant(value).output(0))


def _filled(values: NDArray[Any] | None, heads: int, width: int, wide: int, axis: int) -> NDArray[Any]:
    """`values` with each head's part of `axis` padded with zeros from `width` to `wide`."""
    assert values is not None
    moved = np.moveaxis(values, axis, -1)
    parts = moved.reshape(*moved.shape[:-1], heads, width)
    filled = np.pad(parts, [(0, 0)] * (parts.ndim - 1) + [(0, wide - width)])
    return np.ascontiguousarray(np.moveaxis(filled.reshape(*moved.shape[:-1], heads * wide), -1, axis))
