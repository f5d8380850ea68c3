"""An encoder, or its embeddings, that stay as they are while the rest learns.

Tests `paddle_ner.training.techniques.checks` too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from paddle_ner.config import Config, parse
from paddle_ner.errors import InputError, InterruptedRun
from paddle_ner.inference.engines.dynamic import DynamicEngine
from paddle_ner.inference.predictor import Predictor
from paddle_ner.modeling import Checkpoint
from paddle_ner.modeling.heads import HEADS
from paddle_ner.training import jobs
from paddle_ner.training.techniques import frozen
from paddle_ner.training.techniques.checks import check
from paddle_ner.training.trainer import JobTrainer
from paddle_ner.types import Prediction
from tests.unit.training.techniques.small_training import (
    EXAMPLES,
    assert_equal_states,
    config_of,
    train,
    trainer_of,
    weights_of,
)

DROPOUT = {"hidden_dropout_prob": 0.3, "attention_probs_dropout_prob": 0.3}


def checkpoint_of(trainer: JobTrainer, folder: Path) -> Checkpoint:
    trainer.train()
    trainer.load_best()
    trainer._prepared.write(folder / "checkpoint", {})
    return Checkpoint.open(folder / "checkpoint")


def first_weights(config: Config, folder: Path) -> dict[str, Any]:
    """Those that a training of `config` begins with."""
    plain = parse({**config.model_dump(mode="json"), "training": {"augment": {}}}, "config")
    return weights_of(trainer_of(plain, folder).model)


KINDS = [
    ("ner", None),
    ("ner", "crf"),
    ("ner", "span"),
    ("classification", None),
    ("classification", "sequence-mean"),
    ("multi-label", None),
]


@pytest.mark.parametrize(("task", "head"), KINDS)
def test_the_encoder_stays_and_the_checkpoint_answers_as_what_was_scored(
    task: str, head: str | None, tmp_path: Path
) -> None:
    config = config_of(tmp_path, task, head, encoder=DROPOUT, freeze="encoder", max_steps=8, learning_rate=0.05)
    before = first_weights(config, tmp_path)
    trainer = trainer_of(config, tmp_path)
    texts = [example.text for example in EXAMPLES[task]] + ["一句没有见过的话"]
    checkpoint = checkpoint_of(trainer, tmp_path)
    after = weights_of(checkpoint.model)
    assert after.keys() == before.keys()
    learned = {name for name in after if not np.array_equal(after[name], before[name])}
    assert "classifier.weight" in learned
    assert not [name for name in learned if name.startswith(("ernie.embeddings", "ernie.encoder"))]
    assert ("ernie.pooler.dense.weight" in learned) == (task != "ner" and head is None)
    predictor = trainer._prepared.scorer._predictor  # type: ignore[attr-defined]
    found = Predictor(checkpoint.manifest, checkpoint.tokenizer, DynamicEngine(checkpoint.model))(texts)
    for one, other in zip(found, predictor(texts), strict=True):
        assert scores(one) == pytest.approx(scores(other), abs=1e-4)


def scores(prediction: Prediction) -> list[float]:
    if prediction.scores is not None:
        return [prediction.scores[name] for name in sorted(prediction.scores)]
    return [value for one in prediction.entities or () for value in (one.start, one.end, one.score or 0)]


@pytest.mark.parametrize("task", ["ner", "classification"])
def test_it_learns_what_a_head_on_an_encoder_without_gradients_does(task: str, tmp_path: Path) -> None:
    found = trainer_of(config_of(tmp_path, task, freeze="encoder"), tmp_path / "found")
    learned = weights_of(checkpoint_of(found, tmp_path / "found").model)
    slow = trainer_of(config_of(tmp_path, task), tmp_path / "slow")
    for name, parameter in slow.model.named_parameters():
        if name.startswith("ernie."):
            parameter.stop_gradient = True
        if name.startswith("ernie.pooler."):
            parameter.set_value(paddle.to_tensor(learned[name]))
    expected = weights_of(checkpoint_of(slow, tmp_path / "slow").model)
    for name in expected:
        np.testing.assert_allclose(learned[name], expected[name], rtol=1e-2, atol=1e-4)


def test_a_pooler_spreads_the_states_that_it_reads() -> None:
    states = np.random.default_rng(1).normal(3.0, 0.01, size=(50, 8)).astype(np.float32)
    states[:, 3] = 2.0  # says nothing
    pooler = paddle.nn.Linear(8, 8)
    frozen.spread(pooler, states)
    given = pooler(paddle.to_tensor(states)).numpy()
    telling = [index for index in range(8) if index != 3]
    np.testing.assert_allclose(given.mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(given.std(axis=0)[telling], 0.5, rtol=1e-2)
    assert np.abs(given[:, 3]).max() < 1e-3
    assert pooler.weight.stop_gradient and pooler.bias.stop_gradient


def test_each_window_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    original = frozen.OnFrozenEncoder._read

    def counted(self: Any, rows: Any, size: int) -> Any:
        read.append(len(rows))
        return original(self, rows, size)

    monkeypatch.setattr(frozen.OnFrozenEncoder, "_read", counted)
    config = config_of(tmp_path, "classification", freeze="encoder", evaluate_every=2)
    trainer_of(config, tmp_path).train()
    assert read == [4]  # dev has the same texts
    trainer_of(config, tmp_path).train()
    assert read == [4]  # they are kept in the run's folder


def test_another_encoder_reads_again(tmp_path: Path) -> None:
    for seed in (1, 2):
        trainer_of(config_of(tmp_path, "classification", freeze="encoder", seed=seed), tmp_path)
    assert len(list((tmp_path / "encoder-states").iterdir())) == 2


def test_of_a_head_that_reads_first_tokens_only_those_are_kept(tmp_path: Path) -> None:
    kept = {}
    for task in ("ner", "classification"):
        trainer_of(config_of(tmp_path, task, freeze="encoder"), tmp_path / task)
        (file,) = (tmp_path / task / "encoder-states").glob("*/*.npy")
        kept[task] = np.load(file).shape
    assert kept["classification"] == (4, 16)
    assert kept["ner"] == (sum(len(example.text) + 2 for example in EXAMPLES["ner"]), 16)


@pytest.mark.parametrize("kind", ["encoder", "embeddings"])
def test_a_resumed_training_ends_as_one_that_was_not_stopped(kind: str, tmp_path: Path) -> None:
    config = config_of(
        tmp_path, "classification", encoder=DROPOUT, freeze=kind, evaluate_every=2, ema=0.9, r_drop=1.0, head_rate=2.0
    )
    train(config, tmp_path / "stopped", stop_after=3)
    assert_equal_states(train(config, tmp_path / "stopped"), train(config, tmp_path / "whole"))


def test_it_stops_while_it_reads(tmp_path: Path) -> None:
    config = config_of(tmp_path, freeze="encoder")
    paddle.seed(1)
    with pytest.raises(InterruptedRun, match="the encoder has read all windows; --resume"):
        jobs.job_of(config).prepare(jobs.Run(config, tmp_path, lambda: True, lambda _: None))


def test_frozen_embeddings_stay_and_the_rest_learns(tmp_path: Path) -> None:
    config = config_of(tmp_path, freeze="embeddings")
    before = first_weights(config, tmp_path)
    after = weights_of(checkpoint_of(trainer_of(config, tmp_path), tmp_path).model)
    same = {name for name in after if np.array_equal(after[name], before[name])}
    assert same == {name for name in after if name.startswith(("ernie.embeddings", "ernie.pooler"))}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"adversarial": 1.0}, r"training\.adversarial: .*training\.freeze"),
        ({"recompute": True}, r"training\.recompute: .*training\.freeze"),
        ({"layer_decay": 0.9}, r"training\.layer_decay: .*training\.freeze"),
    ],
    ids=str,
)
def test_what_needs_the_encoder_to_learn_is_refused(more: dict[str, Any], message: str, tmp_path: Path) -> None:
    record = config_of(tmp_path, freeze="encoder", **more).model_dump(mode="json")
    with pytest.raises(InputError, match=message):
        check(parse({**record, "model": {"pretrained": "starter"}}, "config"), HEADS["token"])


@pytest.mark.parametrize("kind", ["encoder", "embeddings"])
def test_random_weights_are_not_frozen(kind: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"training\.freeze: .*model\.pretrained"):
        check(config_of(tmp_path, freeze=kind), HEADS["token"])
