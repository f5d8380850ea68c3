"""The static graph of a model: the same computation as the dynamic one, without the parts for training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paddle_ner.modeling import structure
from paddle_ner.modeling.structure import Part

INPUTS = ("input_ids", "token_type_ids")


def save_graph(model: Any, folder: Path) -> None:
    """Write the graph and its weights to `folder`: the head's outputs from two int64 inputs of shape [batch, length].

    model.json and model.pdiparams; with Paddle's old IR (FLAGS_enable_pir_api=0), model.pdmodel and model.pdiparams.
    The model is changed and can only be run afterwards; its answers stay the same.
    """
    import paddle
    from paddle.static import InputSpec

    class Graph(paddle.nn.Layer):  # type: ignore[misc]
        """The computation of the bundle; a separate layer, since to_static changes its layer."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, token_type_ids: Any) -> Any:
            outputs = self.model(input_ids=input_ids, token_type_ids=token_type_ids)
            return [outputs[name] for name in model.head.outputs]  # a graph only knows their order

    drop_pruned(model)
    graph = Graph()
    graph.eval()
    for layer in graph.sublayers():
        # In evaluation they pass their input on, but in the static graph each would be an operation that copies it, and
        # that stands between what oneDNN fuses.
        if isinstance(layer, paddle.nn.Dropout):
            layer.p = 0
        elif isinstance(layer, paddle.nn.MultiHeadAttention):
            layer.dropout = 0
        elif isinstance(layer, paddle.nn.Embedding) and layer._padding_idx is not None:
            # Zeros for padding, as before, from the table: otherwise Paddle2ONNX would write the whole table twice.
            table = layer.weight.numpy()
            table[layer._padding_idx] = 0
            layer.weight.set_value(table)
            layer._padding_idx = None
    specs = [InputSpec([None, None], "int64", name=name) for name in INPUTS]
    paddle.jit.save(paddle.jit.to_static(graph, input_spec=specs, full_graph=True), str(folder / "model"))


def drop_pruned(model: Any) -> None:
    """Remove heads and feed-forward units with weights of exactly zero, which `prune` has left in place.

    The first head or unit of a layer stays even if all are zero, since a product needs a width.
    """
    weights = {name: parameter.numpy() for name, parameter in model.named_parameters()}

    def kept(parts: Sequence[Part]) -> list[Part]:
        return [part for part in parts if not structure.is_zero(part, weights)] or list(parts[:1])

    layers = [layer for _, layer in structure.encoder_layers(model)]
    for layer, heads, units in zip(layers, structure.heads(model), structure.units(model), strict=True):
        attention = layer.self_attn
        if len(few := kept(heads)) < len(heads):
            attention.num_heads = len(few)
            for name in ("q_proj", "k_proj", "v_proj"):
                setattr(attention, name, _narrowed(getattr(attention, name), few, axis=1))
            attention.out_proj = _narrowed(attention.out_proj, few, axis=0)
        if len(few := kept(units)) < len(units):
            layer.linear1 = _narrowed(layer.linear1, few, axis=1)
            layer.linear2 = _narrowed(layer.linear2, few, axis=0)


def _narrowed(linear: Any, parts: Sequence[Part], axis: int) -> Any:
    """`linear` with only the columns (axis 1) or rows (axis 0) of `parts`."""
    import paddle

    weight, bias = linear.weight.numpy(), linear.bias.numpy()
    places = np.concatenate([np.arange(weight.shape[axis])[part.place] for part in parts])
    weight = np.take(weight, places, axis)
    narrow = paddle.nn.Linear(*weight.shape)
    narrow.weight.set_value(weight)
    narrow.bias.set_value(bias[places] if axis else bias)
    return narrow
