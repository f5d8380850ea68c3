"""A model with random weights, and what makes none.

Tests `paddle_ner.modeling.model` too.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import paddle
import pytest
from numpy.typing import NDArray

from paddle_ner.errors import InputError
from paddle_ner.modeling import build
from tests.unit.modeling.conftest import TINY


def test_importing_the_package_imports_no_framework() -> None:
    code = "import sys, paddle_ner.modeling; sys.exit('paddle' in sys.modules or 'paddlenlp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_building_prints_nothing() -> None:
    code = f"from paddle_ner.modeling import build; build('token', 2, config={TINY}, vocab_size=9, pad_token_id=0)"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout + run.stderr == ""


@pytest.mark.parametrize("deviation", [0.02, 0.05])
def test_random_weights_are_normal_with_the_initializer_range(deviation: float) -> None:
    paddle.seed(3)
    shape = TINY | {"hidden_size": 64, "intermediate_size": 128, "initializer_range": deviation}
    model = build("sequence", 8, config=shape, vocab_size=500, pad_token_id=0)
    for name, parameter in model.named_parameters():
        values = parameter.numpy()
        if name.endswith("bias"):
            assert not values.any(), name
        elif "norm" in name:
            assert (values == 1).all(), name
        else:
            assert values.std() == pytest.approx(deviation, rel=4 / np.sqrt(2 * values.size)), name
            assert abs(values.mean()) < 4 * deviation / np.sqrt(values.size), name
            assert np.abs(values).max() < 6 * deviation, name


def test_the_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    def weights(seed: int) -> NDArray[np.float32]:
        paddle.seed(seed)
        model = build("token", 5, config=TINY, vocab_size=40, pad_token_id=0)
        return np.concatenate([parameter.numpy().ravel() for parameter in model.parameters()])

    assert np.array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))


def test_the_config_reaches_the_model() -> None:
    model = build("token", 5, config=TINY | {"hidden_dropout_prob": 0.3}, vocab_size=40, pad_token_id=6)
    config = model.config
    assert (config.hidden_size, config.num_hidden_layers, config.vocab_size, config.pad_token_id) == (16, 2, 40, 6)
    assert model.dropout.p == 0.3
    assert model.classifier.weight.shape == [16, 5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hiden_size": 16}, r"unknown field 'hiden_size'; did you mean hidden_size\?"),
        ({"colour": 1}, r"unknown field 'colour'; expected one of .*num_hidden_layers"),
        ({"num_attention_heads": 3}, "hidden_size 16 is not a multiple of num_attention_heads 3"),
        ({"num_hidden_layers": 0}, "num_hidden_layers is 0"),
        ({"hidden_size": "big"}, "hidden_size is 'big'"),
        ({"layer_norm_eps": 0.1}, "layer_norm_eps is 0.1, but Paddle takes 0 to 0.001"),
        ({"hidden_act": "gloo"}, "hidden_act 'gloo' is unknown"),
    ],
)
def test_a_config_that_makes_no_model_is_refused_in_one_line(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        build("token", 5, config=TINY | change, vocab_size=40, pad_token_id=0)
    assert "\n" not in str(caught.value)


def test_a_head_without_outputs_is_refused() -> None:
    with pytest.raises(InputError, match="at least one output"):
        build("token", 0, config=TINY, vocab_size=40, pad_token_id=0)


def test_a_model_with_random_weights_learns() -> None:
    paddle.seed(5)
    model = build("token", 3, config=TINY, vocab_size=40, pad_token_id=0)
    ids = paddle.randint(1, 40, [16, 8])
    optimizer = paddle.optimizer.AdamW(3e-3, parameters=model.parameters())
    losses = []
    for _ in range(40):
        loss = paddle.nn.functional.cross_entropy(model(input_ids=ids)["logits"], ids % 3)
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        losses.append(float(loss))
    assert losses[0] == pytest.approx(np.log(3), abs=0.1)
    assert losses[-1] < 0.5 * losses[0]
