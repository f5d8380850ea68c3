"""The constants of an ONNX graph: finds them, turns them into initializers, and drops those that nothing reads."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray


class Constants:
    """The constant tensors of an ``onnx.GraphProto``, by every name that they have in it."""

    def __init__(self, graph: Any) -> None:
        self._tensors = {tensor.name: tensor for tensor in graph.initializer}
        self._same: dict[str, str] = {}
        for node in graph.node:
            if node.op_type == "Constant":
                values = [attribute.t for attribute in node.attribute if attribute.name == "value"]
                self._tensors.update(zip(node.output, values, strict=False))
            elif node.op_type == "Identity":
                self._same[node.output[0]] = node.input[0]

    def origin(self, name: str) -> str:
        """The name that `name` stands for."""
        while name in self._same:
            name = self._same[name]
        return name

    def get(self, name: str) -> NDArray[Any] | None:
        """The tensor called `name`; None if that is not a constant."""
        from onnx import numpy_helper

        tensor = self._tensors.get(self.origin(name))
        return None if tensor is None else numpy_helper.to_array(tensor)


def make_initializers(graph: Any) -> None:
    """Turn every Constant node into an initializer, in place: quantization tools, including ONNX Runtime's own, see no
    other weights, and silently leave the others in fp32."""
    nodes = list(graph.node)
    del graph.node[:]
    for node in nodes:
        tensors = [attribute.t for attribute in node.attribute if attribute.name == "value"]
        if node.op_type == "Constant" and tensors:
            tensors[0].name = node.output[0]
            graph.initializer.append(tensors[0])
        else:
            graph.node.append(node)


def drop_unused(graph: Any) -> None:
    """Drop the nodes and the initializers that no output of the graph depends on, in place."""
    needed = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    initializers = [tensor for tensor in graph.initializer if tensor.name in needed]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(initializers)
