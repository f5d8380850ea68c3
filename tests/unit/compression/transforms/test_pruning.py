"""The least important layers, heads and units go, and nothing else.

Tests `paddle_ner.modeling.structure` too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from safetensors.numpy import load_file

from paddle_ner import bundle, modeling, tasks
from paddle_ner.bundle import Manifest, WindowSpec
from paddle_ner.compression.transforms.pruning import UNITS_TOGETHER, Cut, prune
from paddle_ner.errors import InputError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.modeling import structure
from paddle_ner.types import Example

TASK = tasks.create("classification", ["yes", "no"])
EXAMPLES = [
    Example(text, label=label) for text, label in (("好的好的", "yes"), ("不好", "no"), ("不", "no"), ("好", "yes"))
]
LAYER = "ernie.encoder.layers"
UNITS = 4 * UNITS_TOGETHER


@pytest.fixture
def model() -> Any:
    paddle.seed(3)
    return modeling.build(
        "sequence",
        2,
        config={
            "hidden_size": 16,
            "num_hidden_layers": 3,
            "num_attention_heads": 4,
            "intermediate_size": UNITS,
            "max_position_embeddings": 16,
            "initializer_range": 0.3,
        },
        vocab_size=16,
        pad_token_id=0,
    )


def save(model: Any, folder: Path) -> Path:
    manifest = Manifest(
        name="x", task=TASK.spec(), window=WindowSpec(size=16, overlap=4), metrics={"dev": {"accuracy": 1}}
    )
    modeling.write_checkpoint(folder, model, Tokenizer.characters([example.text for example in EXAMPLES]), manifest)
    return folder


def pruned(old: Path, new: Path, examples: list[Example], cut: Cut) -> dict[str, Any]:
    """What was done to the checkpoint `old`, which is written to `new`."""
    smaller = prune(modeling.Checkpoint.open(old), examples, cut)
    smaller.write(new)
    return smaller.manifest.transforms[-1]


def scale(model: Any, name: str, rows: slice, factor: float) -> None:
    parameter = dict(model.named_parameters())[name]
    values = parameter.numpy()
    values[rows] *= factor
    parameter.set_value(values)


def test_the_layer_that_does_nothing_is_dropped(model: Any, tmp_path: Path) -> None:
    # Of a layer that adds nothing only its normalizations are left, which leave a normalized input as it is.
    for name in ("self_attn.out_proj.weight", "linear2.weight"):
        scale(model, f"{LAYER}.1.{name}", slice(None), 0)
    old = save(model, tmp_path / "old")
    record = pruned(old, tmp_path / "new", EXAMPLES, Cut(layers=1))
    assert record["layers"] == {"before": 3, "dropped": [1], "after": 2}
    assert record["loss"]["after"] == pytest.approx(record["loss"]["before"], abs=1e-5)
    smaller = modeling.Checkpoint.open(tmp_path / "new").model
    assert smaller.config.num_hidden_layers == 2
    before, after = load_file(old / "model.safetensors"), load_file(tmp_path / "new" / "model.safetensors")
    name = "self_attn.q_proj.weight"
    np.testing.assert_array_equal(after[f"{LAYER}.1.{name}"], before[f"{LAYER}.2.{name}"])
    # The scores were those of another model.
    assert bundle.read_checkpoint_manifest(tmp_path / "new").metrics == {}


def test_the_heads_and_units_that_matter_least_become_zero(model: Any, tmp_path: Path) -> None:
    weak_head, weak_units = slice(4, 8), slice(0, 2 * UNITS_TOGETHER)
    for layer in range(3):
        scale(model, f"{LAYER}.{layer}.self_attn.out_proj.weight", weak_head, 1e-4)
        scale(model, f"{LAYER}.{layer}.linear2.weight", weak_units, 1e-4)
    record = pruned(save(model, tmp_path / "old"), tmp_path / "new", EXAMPLES, Cut(heads=0.25, units=0.5))
    assert record["heads"]["after"] == [3, 3, 3]
    assert record["units"]["after"] == [2 * UNITS_TOGETHER] * 3
    weights = load_file(tmp_path / "new" / "model.safetensors")
    smaller = modeling.Checkpoint.open(tmp_path / "new").model
    for heads, units in zip(structure.heads(smaller), structure.units(smaller), strict=True):
        assert [structure.is_zero(head, weights) for head in heads] == [False, True, False, False]
        zero = [structure.is_zero(unit, weights) for unit in units]
        assert zero == [True] * (2 * UNITS_TOGETHER) + [False] * (2 * UNITS_TOGETHER)
    masks = structure.masks(smaller)
    assert set(masks) == {
        f"{LAYER}.{layer}.{name}"
        for layer in range(3)
        for name in (
            *(f"self_attn.{one}_proj.{kind}" for one in "qkv" for kind in ("weight", "bias")),
            "self_attn.out_proj.weight",
            "linear1.weight",
            "linear1.bias",
            "linear2.weight",
        )
    }
    assert all(not weights[name][mask == 0].any() for name, mask in masks.items())


def test_every_layer_keeps_a_head(model: Any, tmp_path: Path) -> None:
    scale(model, f"{LAYER}.0.self_attn.out_proj.weight", slice(None), 0)
    record = pruned(save(model, tmp_path / "old"), tmp_path / "new", EXAMPLES, Cut(heads=0.9))
    assert min(record["heads"]["after"]) == 1


@pytest.mark.parametrize(
    ("cut", "examples", "message"),
    [
        (Cut(layers=3), EXAMPLES, "one must stay"),
        (Cut(), EXAMPLES, "nothing to prune"),
        (Cut(heads=0.5), [], "labelled examples"),
        (Cut(heads=1.0), EXAMPLES, "less than 1"),
    ],
)
def test_what_cannot_be_pruned_is_refused(
    model: Any, tmp_path: Path, cut: Cut, examples: list[Example], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        pruned(save(model, tmp_path / "old"), tmp_path / "new", examples, cut)
    assert not (tmp_path / "new").exists()
