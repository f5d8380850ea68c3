"""The parts of an encoder that can be pruned: heads and feed-forward units, as columns and rows of its weights.

PaddleNLP's configs know one width for all layers, so what is pruned inside a layer stays in place, exactly zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Part:
    """A head or a unit of one layer.

    Attributes:
        writes: parameters that make it, last axis: its columns (weights) or elements (biases).
        reads: weights that use it, first axis: its rows.
        place: which columns and rows.
    """

    writes: tuple[str, ...]
    reads: tuple[str, ...]
    place: slice


def encoder_layers(model: Any) -> list[tuple[str, Any]]:
    """Name and module of each transformer layer, first to last."""
    import paddle

    return [
        (name, layer) for name, layer in model.named_sublayers() if isinstance(layer, paddle.nn.TransformerEncoderLayer)
    ]


def heads(model: Any) -> list[list[Part]]:
    """The attention heads of each layer."""
    parts = []
    for name, layer in encoder_layers(model):
        attention = f"{name}.self_attn"
        size = layer.self_attn.head_dim
        writes = tuple(f"{attention}.{letter}_proj.{kind}" for letter in "qkv" for kind in ("weight", "bias"))
        reads = (f"{attention}.out_proj.weight",)
        parts.append([Part(writes, reads, slice(i * size, (i + 1) * size)) for i in range(layer.self_attn.num_heads)])
    return parts


def units(model: Any) -> list[list[Part]]:
    """The feed-forward units of each layer."""
    parts = []
    for name, layer in encoder_layers(model):
        writes, reads = (f"{name}.linear1.weight", f"{name}.linear1.bias"), (f"{name}.linear2.weight",)
        parts.append([Part(writes, reads, slice(i, i + 1)) for i in range(layer.linear1.weight.shape[1])])
    return parts


def is_zero(part: Part, weights: dict[str, NDArray[Any]]) -> bool:
    """Whether the part was pruned."""
    return not any(values.any() for values in _views(part, weights))


def clear(part: Part, weights: dict[str, NDArray[Any]]) -> None:
    """Prune the part, in place."""
    for values in _views(part, weights):
        values[:] = 0


def masks(model: Any) -> dict[str, Mask]:
    """For each parameter with pruned parts, by name: zeros there, ones elsewhere."""
    weights = {name: parameter.numpy() for name, parameter in model.named_parameters()}
    kept: dict[str, Mask] = {}
    for part in (part for layers in (heads(model), units(model)) for layer in layers for part in layer):
        if is_zero(part, weights):
            for name in (*part.writes, *part.reads):
                if name not in kept:
                    kept[name] = np.ones(weights[name].shape, dtype=np.float32)
            clear(part, kept)
    return kept


def _views(part: Part, weights: dict[str, NDArray[Any]]) -> Iterator[NDArray[Any]]:
    for name in part.writes:
        yield weights[name][..., part.place]
    for name in part.reads:
        yield weights[name][part.place]
