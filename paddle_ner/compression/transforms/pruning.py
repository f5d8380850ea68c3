"""Removes layers, heads and feed-forward units from a checkpoint, the least important first.

Dropped layers are removed. Heads and units stay in place with weights of exactly zero: training keeps these zero, and
an export leaves them out of the graph.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.environment import require
from paddle_ner.errors import InputError
from paddle_ner.modeling import Checkpoint, structure
from paddle_ner.modeling.structure import Part
from paddle_ner.tasks import Task
from paddle_ner.types import Example

UNITS_TOGETHER = 16  # each layer keeps a multiple of this many units: the width of a CPU's vectors
_BATCH = 16  # windows whose gradients are computed together
_LAYER = re.compile(r"(.*\.encoder\.layers\.)(\d+)(\..*)")


@dataclass(frozen=True, slots=True)
class Cut:
    """How much is removed.

    Attributes:
        layers: number of layers.
        heads: share of all heads, from 0 to 1.
        units: share of all feed-forward units.
    """

    layers: int = 0
    heads: float = 0.0
    units: float = 0.0


NOTHING = Cut()


def prune(
    checkpoint: Checkpoint,
    examples: Sequence[Example],
    cut: Cut,
    advance: Callable[[str], None] = lambda _: None,
) -> Checkpoint:
    """The checkpoint without its least important parts.

    Layers are removed one at a time, each time the layer without which the loss on the examples is smallest. Then heads
    and units, by importance: how much, to first order, the loss would change if the part were scaled (Michel et al.
    2019), normalized by layer. Each layer keeps one head and some units.

    Args:
        checkpoint: the checkpoint to prune.
        examples: labelled examples to measure importance on.
        cut: how much to remove.
        advance: called with what is being done.

    Raises:
        InputError: too much or nothing would be removed, or the examples are not for its task.
    """
    require("paddle", "paddlenlp", needed_for="pruning")
    count = int(checkpoint.config["num_hidden_layers"])
    if not 0 <= cut.layers < count:
        raise InputError(f"{checkpoint.folder}: {cut.layers} of its {count} layers cannot be dropped, one must stay")
    if not (0 <= cut.heads < 1 and 0 <= cut.units < 1):
        raise InputError("shares of heads and units to drop: expected at least 0 and less than 1")
    if cut == NOTHING:
        raise InputError("nothing to prune: say how many layers, or which share of heads or units")
    if not examples:
        raise InputError("importance is measured on labelled examples: name a file that has some")
    model = _model(checkpoint)
    batches = _batches(checkpoint, examples)
    record: dict[str, Any] = {
        "name": "prune",
        "examples": len(examples),
        "loss": {"before": _loss(checkpoint.task, model, batches)},
        "layers": {"before": count, "dropped": []},
    }
    if cut.layers:
        advance("layers")
        kept = _least_loss(checkpoint.task, model, batches, cut.layers)
        record["layers"]["dropped"] = [index for index in range(count) if index not in kept]
        checkpoint = _with_layers(checkpoint, kept)
        model = _model(checkpoint)
    for name, parts, share, least in (
        ("heads", structure.heads(model), cut.heads, 1),
        ("units", structure.units(model), cut.units, UNITS_TOGETHER),
    ):
        if share:
            advance(name)
            keep = _most_important(_importance(checkpoint.task, model, batches, parts), share, least)
            weights = {name: values.copy() for name, values in checkpoint.weights.items()}
            for layer, wanted in zip(parts, keep, strict=True):
                for part, stays in zip(layer, wanted, strict=True):
                    if not stays:
                        structure.clear(part, weights)
            checkpoint = checkpoint.changed(weights=weights)
            model = _model(checkpoint)
            record[name] = {"before": [len(layer) for layer in parts], "after": [int(mask.sum()) for mask in keep]}
    record["loss"]["after"] = _loss(checkpoint.task, model, batches)
    record["layers"]["after"] = int(checkpoint.config["num_hidden_layers"])
    return checkpoint.transformed(record, same_answers=False)


def _batches(checkpoint: Checkpoint, examples: Sequence[Example]) -> list[dict[str, Any]]:
    import paddle

    from paddle_ner.training.batches import collate, encode
    from paddle_ner.training.corpus import check

    task, window, pad_id = checkpoint.task, checkpoint.manifest.window, checkpoint.tokenizer.pad_id
    check(list(examples), task)
    rows, _ = encode(examples, task, checkpoint.tokenizer, window)
    rows.sort(key=lambda row: len(row.ids))
    return [
        {
            name: paddle.to_tensor(values)
            for name, values in collate(rows[start : start + _BATCH], task, pad_id, window.size).items()
        }
        for start in range(0, len(rows), _BATCH)
    ]


def _losses(task: Task, model: Any, batches: Sequence[dict[str, Any]]) -> Iterator[tuple[Any, int]]:
    """The loss of each batch, summed over the positions that count, and their number."""
    for batch in batches:
        outputs = model(input_ids=batch["input_ids"], token_type_ids=batch["token_type_ids"])
        yield task.learning.loss_sum(outputs, batch["labels"]), int(batch["counts"].sum())


def _loss(task: Task, model: Any, batches: Sequence[dict[str, Any]]) -> float:
    """The mean over all positions that count."""
    import paddle

    with paddle.no_grad():
        sums = [(float(loss), count) for loss, count in _losses(task, model, batches)]
    return sum(loss for loss, _ in sums) / max(1, sum(count for _, count in sums))


def _least_loss(task: Task, model: Any, batches: Sequence[dict[str, Any]], drop: int) -> list[int]:
    """The layers that stay when `drop` are removed, each time the one whose removal raises the loss least."""
    import paddle

    encoder = next(layer for layer in model.sublayers() if isinstance(layer, paddle.nn.TransformerEncoder))
    layers = [*encoder.layers]
    kept = [*range(len(layers))]

    def loss_without(index: int) -> float:
        _run_only(encoder, [layers[other] for other in kept if other != index])
        return _loss(task, model, batches)

    for _ in range(drop):
        kept.remove(min(kept, key=loss_without))
    return kept


def _run_only(encoder: Any, layers: Sequence[Any]) -> None:
    import paddle

    encoder.layers = paddle.nn.LayerList(layers)
    encoder.num_layers = len(layers)


def _with_layers(checkpoint: Checkpoint, kept: Sequence[int]) -> Checkpoint:
    """The checkpoint with only these layers, renumbered."""
    weights: dict[str, NDArray[Any]] = {}
    for name, values in checkpoint.weights.items():
        match = _LAYER.fullmatch(name)
        if match is None:
            weights[name] = values
        elif int(match[2]) in kept:
            weights[f"{match[1]}{kept.index(int(match[2]))}{match[3]}"] = values
    return checkpoint.changed(config={"num_hidden_layers": len(kept)}, weights=weights)


def _model(checkpoint: Checkpoint) -> Any:
    """A model to run with gradients and without dropout."""
    model = checkpoint.new_model()
    model.eval()
    return model


def _importance(
    task: Task, model: Any, batches: Sequence[dict[str, Any]], parts: Sequence[Sequence[Part]]
) -> list[NDArray[np.float64]]:
    """For each part of each layer, the mean over batches of |dLoss/dScale|, normalized to 1 in each layer.

    The derivative by a factor of the matrix rows that read a part is the sum of weights times gradients over these
    rows.
    """
    parameters = dict(model.named_parameters())
    totals = [np.zeros(len(layer)) for layer in parts]
    for loss, count in _losses(task, model, batches):
        model.clear_gradients()
        (loss / max(1, count)).backward()
        for total, layer in zip(totals, parts, strict=True):
            by_row: NDArray[np.float64] = sum(
                (parameters[name].numpy() * parameters[name].grad.numpy()).sum(axis=1) for name in layer[0].reads
            )
            total += np.abs([by_row[part.place].sum() for part in layer])
    return [total / max(float(np.linalg.norm(total)), 1e-30) for total in totals]


def _most_important(importance: Sequence[NDArray[np.float64]], share: float, least: int) -> list[NDArray[np.bool_]]:
    """Which parts stay: all except the least important share over all layers, rounded up to a multiple per layer."""
    every = np.concatenate(importance)
    stay = len(every) - int(share * len(every))
    limit = np.sort(every)[::-1][stay - 1]
    kept = []
    for values in importance:
        count = min(len(values), math.ceil(max(1, int((values >= limit).sum())) / least) * least)
        mask = np.zeros(len(values), dtype=np.bool_)
        mask[np.argsort(-values, kind="stable")[:count]] = True
        kept.append(mask)
    return kept
