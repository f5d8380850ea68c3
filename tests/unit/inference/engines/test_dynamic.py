from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddle_ner.bundle import Manifest, WindowSpec
from paddle_ner.errors import DeviceError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.inference.engines.dynamic import DynamicEngine, load_engine
from paddle_ner.machine import usable_cores
from paddle_ner.modeling import Checkpoint, write_checkpoint

MANIFEST = Manifest(
    name="m", task={"name": "ner", "labels": ["PER", "LOC"], "tag_scheme": "BIO"}, window=WindowSpec(size=20, overlap=4)
)
IDS = np.array([[2, 9, 14, 3], [2, 31, 3, 0]], np.int64)


def opened(folder: Path, model: Any) -> Checkpoint:
    write_checkpoint(folder / "checkpoint", model, Tokenizer.characters(["王小明在北京"]), MANIFEST)
    return Checkpoint.open(folder / "checkpoint")


def test_logits_are_float32_by_token_or_by_sequence(token_model: Any, sequence_model: Any) -> None:
    by_token, by_sequence = (DynamicEngine(model).run(IDS)["logits"] for model in (token_model, sequence_model))
    assert by_token.shape == (2, 4, 5) and by_token.dtype == np.float32
    assert by_sequence.shape == (2, 3) and by_sequence.dtype == np.float32


def test_padding_does_not_change_the_logits(token_model: Any, sequence_model: Any) -> None:
    padded = np.pad(IDS, ((0, 0), (0, 9)))
    token, sequence = DynamicEngine(token_model), DynamicEngine(sequence_model)
    assert np.allclose(token.run(padded)["logits"][:, :4], token.run(IDS)["logits"], atol=1e-6)
    assert np.allclose(sequence.run(padded)["logits"], sequence.run(IDS)["logits"], atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_it_runs_without_dropout_and_puts_the_mode_back(token_model: Any, training: bool) -> None:
    token_model.train() if training else token_model.eval()
    engine = DynamicEngine(token_model)
    assert np.array_equal(engine.run(IDS)["logits"], engine.run(IDS)["logits"])
    assert token_model.training is training
    assert token_model.dropout.training is training


def test_an_engine_over_a_checkpoint_gives_the_logits_of_its_model(tmp_path: Path, token_model: Any) -> None:
    loaded, own = load_engine(opened(tmp_path, token_model)), DynamicEngine(token_model)
    assert np.array_equal(loaded.run(IDS)["logits"], own.run(IDS)["logits"])


@pytest.mark.parametrize("device", ["tpu", "gpu:x", ""])
def test_an_unknown_device_is_refused(tmp_path: Path, token_model: Any, device: str) -> None:
    with pytest.raises(DeviceError, match=r"is unknown, expected cpu, gpu or gpu:N"):
        load_engine(opened(tmp_path, token_model), device)


def test_a_gpu_that_is_not_there_is_named(tmp_path: Path, token_model: Any) -> None:
    import paddle

    if paddle.device.is_compiled_with_cuda() and paddle.device.cuda.device_count() > 63:
        pytest.skip("this machine has such a GPU")
    with pytest.raises(DeviceError, match=r"device gpu:63: this (build|machine)"):
        load_engine(opened(tmp_path, token_model), "gpu:63")


def test_a_checkpoint_runs_on_the_cores_that_can_be_used(tmp_path: Path, token_model: Any) -> None:
    assert load_engine(opened(tmp_path, token_model)).info.threads == usable_cores()
