"""What pruning has left as zeros does not stand in the exported graph, and the answers are the same without it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_ner.export.graph import drop_pruned
from paddle_ner.modeling import structure
from paddle_ner.modeling.build import build
from paddle_ner.modeling.model import Model

HIDDEN, HEADS, UNITS, LAYERS = 24, 4, 40, 2


@pytest.fixture
def model() -> Model:
    import paddle

    paddle.seed(1)
    sizes = {
        "hidden_size": HIDDEN,
        "num_attention_heads": HEADS,
        "intermediate_size": UNITS,
        "num_hidden_layers": LAYERS,
    }
    made = build("token", 5, config={**sizes, "initializer_range": 0.5}, vocab_size=50, pad_token_id=0)
    for parameter in made.parameters():
        if len(parameter.shape) == 1:  # biases, which are zero at first
            parameter.set_value(np.random.default_rng(2).standard_normal(parameter.shape).astype("float32"))
    made.eval()
    return made


def clear(model: Model, heads: dict[int, list[int]], units: dict[int, list[int]]) -> None:
    """Prune heads and units by layer, in place."""
    weights = {name: parameter.numpy() for name, parameter in model.named_parameters()}
    for all_parts, pruned in ((structure.heads(model), heads), (structure.units(model), units)):
        for layer, numbers in pruned.items():
            for number in numbers:
                structure.clear(all_parts[layer][number], weights)
    for name, parameter in model.named_parameters():
        parameter.set_value(weights[name])


def logits(model: Model) -> NDArray[np.float32]:
    import paddle

    ids = np.random.default_rng(3).integers(1, 50, (3, 11))
    ids[1, 7:] = 0
    with paddle.no_grad():
        found: NDArray[np.float32] = model(input_ids=paddle.to_tensor(ids))["logits"].numpy()
    return found


def widths(model: Model) -> list[tuple[int, int, int]]:
    """Heads, width of attention and feed-forward units of each layer."""
    layers = [layer for _, layer in structure.encoder_layers(model)]
    return [
        (layer.self_attn.num_heads, layer.self_attn.q_proj.weight.shape[1], layer.linear1.weight.shape[1])
        for layer in layers
    ]


def test_pruned_heads_and_units_go_and_the_logits_stay(model: Model) -> None:
    clear(model, {0: [1, 3], 1: [0]}, {1: list(range(8, 40))})
    before = logits(model)
    drop_pruned(model)
    assert widths(model) == [(2, 12, 40), (3, 18, 8)]
    assert np.abs(logits(model) - before).max() < 1e-5


def test_a_model_that_was_not_pruned_stays_as_it_is(model: Model) -> None:
    before = logits(model)
    drop_pruned(model)
    assert widths(model) == [(HEADS, HIDDEN, UNITS)] * LAYERS
    assert (logits(model) == before).all()


def test_a_layer_whose_heads_and_units_are_all_pruned_keeps_one_of_each(model: Model) -> None:
    clear(model, {0: list(range(HEADS))}, {0: list(range(UNITS))})
    before = logits(model)
    drop_pruned(model)
    assert widths(model)[0] == (1, HIDDEN // HEADS, 1)
    assert np.abs(logits(model) - before).max() < 1e-5
