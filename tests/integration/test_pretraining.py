"""An encoder trained on text: in this process, and once in two of their own; then a training on labels from it.

Tests `paddle_ner.cli.pretrain` and `paddle_ner.training.jobs.pretraining` too.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from safetensors.numpy import load_file

from paddle_ner.cli import main
from paddle_ner.config import PretrainConfig, parse, parse_as
from paddle_ner.errors import InputError, MissingPackageError, PaddleNerError
from paddle_ner.modeling import tokenizer_of
from paddle_ner.training import state, train
from paddle_ner.training.jobs import Run, job_of
from paddle_ner.training.jobs.pretraining import MaskedScores, Pretraining
from paddle_ner.training.jobs.supervised import Supervised
from paddle_ner.training.trainer import JobTrainer, arguments
from tests.integration.small_models import PEOPLE, PLACES, small_config

UPDATES = 60


def texts(count: int) -> list[str]:
    """Names, each said several times, so that what is masked stands beside it: learned in seconds."""
    draw = random.Random(3)
    return [draw.choice((*PEOPLE, *PLACES)) * draw.randint(8, 12) for _ in range(count)]


def text_config(folder: Path, **sections: Any) -> PretrainConfig:
    (folder / "texts.txt").write_text("\n".join(texts(400)) + "\n", encoding="utf-8")
    (folder / "terms.tsv").write_text("杭州西湖\tLOC\n", encoding="utf-8")
    encoder = {
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "initializer_range": 0.2,  # so that so narrow a model learns at once
    }
    pace = {"max_steps": UPDATES, "batch_size": 16, "learning_rate": 0.01, "evaluate_every": 20, "log_every": 1}
    record = {
        "name": "small",
        "data": {"root": str(folder), "train": "texts.txt", "dev_fraction": 0.1},
        "masking": {"terms": "terms.tsv"},
        "model": {"encoder": encoder},
        "tokenizer": {"min_frequency": 1},
        "window": {"size": 24},
        "training": {**pace, **sections.pop("training", {})},
    }
    return parse_as(PretrainConfig, {**record, **sections}, "small config")


def run(
    config: PretrainConfig, output: Path, *, stop: Callable[[], bool] = lambda: False, resumed: Path | None = None
) -> tuple[JobTrainer, list[str]]:
    """The training of a config, in this process, and what it said."""
    said: list[str] = []
    paddle.set_device("cpu")
    with paddle.utils.unique_name.guard():  # the optimizer knows its moments by the names of the parameters
        prepared = job_of(config).prepare(Run(config, output, lambda: False, said.append))
        trainer = JobTrainer(
            prepared=prepared, args=arguments(config.training, output, "cpu", 1), config=config.training, stop=stop
        )
        if resumed is not None:
            trainer.resume(resumed)
        trainer.train(resume_from_checkpoint=str(resumed) if resumed else None)
    return trainer, said


def losses(trainer: JobTrainer) -> dict[int, float]:
    return {entry["global_step"]: entry["loss"] for entry in trainer.state.log_history if "loss" in entry}


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, JobTrainer, list[str]]:
    """The folder of a run, its trainer, and what it said; ``encoder/`` is that of the last state."""
    folder = tmp_path_factory.mktemp("pretrained")
    trainer, said = run(text_config(folder), folder / "run")
    trainer._prepared.write(folder / "run" / "encoder", {"dev": trainer.score().to_dict()})
    return folder / "run", trainer, said


def test_the_loss_falls_and_held_out_text_is_predicted(pretrained: tuple[Path, JobTrainer, list[str]]) -> None:
    folder, trainer, said = pretrained
    found = losses(trainer)
    assert list(found) == list(range(1, UPDATES + 1))
    scores = trainer.score()
    assert isinstance(scores, MaskedScores)
    vocabulary = len(tokenizer_of(folder / "encoder").vocabulary)
    assert found[1] == pytest.approx(np.log(vocabulary), abs=0.5)  # at first all tokens are about as probable
    assert np.mean([found[step] for step in range(UPDATES - 9, UPDATES + 1)]) < 0.75 * found[1]
    assert scores.perplexity < 0.5 * vocabulary
    assert scores.accuracy > 0.15
    assert scores.value == pytest.approx(-np.log(scores.perplexity))
    assert trainer.scores() == sorted(trainer.scores())
    assert f"perplexity {scores.perplexity:,.2f}, {scores.accuracy:.1%} of {scores.tokens:,} masked" in said[-1]


def test_interrupted_and_resumed_it_ends_with_the_same_weights(
    pretrained: tuple[Path, JobTrainer, list[str]], tmp_path: Path
) -> None:
    whole, uninterrupted, _ = pretrained
    asked = iter(range(10_000))
    first, _ = run(text_config(tmp_path), tmp_path / "run", stop=lambda: next(asked) >= 10)
    assert first.interrupted
    (saved,) = [path for path in state.steps(tmp_path / "run" / "state") if path.name == "step-11"]
    second, _ = run(text_config(tmp_path), tmp_path / "run", resumed=saved)
    assert {**losses(first), **losses(second)}.keys() >= set(range(1, UPDATES + 1)) - {11}
    assert losses(second)[UPDATES] == losses(uninterrupted)[UPDATES]
    for name in ("model", "optimizer"):
        file = f"state/step-{UPDATES}/{name}.safetensors"
        expected, found = load_file(whole / file), load_file(tmp_path / "run" / file)
        assert set(found) == set(expected)
        assert all(np.array_equal(found[key], expected[key]) for key in expected)


def test_two_processes_count_as_one(pretrained: tuple[Path, JobTrainer, list[str]], tmp_path: Path) -> None:
    quiet = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    whole = text_config(tmp_path).model_dump(mode="json")
    whole["model"]["encoder"].update(quiet)
    whole["training"].update(max_grad_norm=0.0, max_steps=8)
    alone, _ = run(parse_as(PretrainConfig, whole, "one"), tmp_path / "one")
    whole["training"].update(batch_size=8)
    done = train(parse_as(PretrainConfig, whole, "two"), tmp_path / "two", devices="cpu:2")
    events = [json.loads(line) for line in (tmp_path / "two" / "events.jsonl").read_text("utf-8").splitlines()]
    together = {event["step"]: event["loss"] for event in events if event["event"] == "log"}
    assert together.keys() == losses(alone).keys()
    assert list(together.values()) == pytest.approx(list(losses(alone).values()), rel=2e-3)
    assert done.checkpoint == tmp_path / "two" / "encoder"
    (end,) = [event for event in events if event["event"] == "done"]
    assert len(end["checksums"]) == 2
    assert len(set(end["checksums"])) == 1
    record = json.loads((done.checkpoint / "pretraining.json").read_text("utf-8"))
    scores = alone.score()
    assert isinstance(scores, MaskedScores)
    assert record["metrics"]["dev"]["masked_tokens"] == scores.tokens
    assert record["metrics"]["dev"]["perplexity"] == pytest.approx(scores.perplexity, rel=5e-3)


def test_the_encoder_says_what_it_has_seen(pretrained: tuple[Path, JobTrainer, list[str]]) -> None:
    folder, _, said = pretrained
    record = json.loads((folder / "encoder" / "pretraining.json").read_text("utf-8"))
    assert 300 < record["texts"] < 400
    assert record["tokens"] == record["characters"]
    assert record["config"]["masking"]["terms"] == "terms.tsv"
    assert str(folder) not in json.dumps(record)
    card = (folder / "encoder" / "README.md").read_text("utf-8")
    for part in ("`texts.txt`", "`terms.tsv`", f"{record['characters']:,} characters", "words of jieba"):
        assert part in card
    assert any(f"{record['texts']:,} texts to train on" in line for line in said)


def test_a_training_on_labels_starts_from_the_encoder(
    pretrained: tuple[Path, JobTrainer, list[str]], tmp_path: Path
) -> None:
    encoder = pretrained[0] / "encoder"
    record = small_config(tmp_path, max_steps=2).model_dump(mode="json")
    record["model"] = {"pretrained": str(encoder)}
    config = parse(record, "labels")
    said: list[str] = []
    prepared = Supervised().prepare(Run(config, tmp_path / "run", lambda: False, said.append))
    weights = load_file(encoder / "model.safetensors")
    for name, parameter in prepared.model.named_parameters():
        if name.startswith("ernie."):
            assert np.array_equal(parameter.numpy(), weights[name]), name
    vocabulary = tokenizer_of(encoder).vocabulary
    first = prepared.features[0].ids
    assert first[0] == vocabulary["[CLS]"]
    assert set(first.tolist()) <= set(vocabulary.values())
    trainer = JobTrainer(
        prepared=prepared,
        args=arguments(config.training, tmp_path / "run", "cpu", 1),
        config=config.training,
        stop=lambda: False,
    )
    trainer.train()
    assert trainer.state.global_step == 2


def test_pretraining_goes_on_from_an_encoder_with_its_head(
    pretrained: tuple[Path, JobTrainer, list[str]], tmp_path: Path
) -> None:
    folder, before, _ = pretrained
    config = text_config(tmp_path, model={"pretrained": str(folder / "encoder")})
    prepared = Pretraining().prepare(Run(config, tmp_path / "run", lambda: False, lambda _: None))
    after, scores = prepared.scorer.report(prepared.scorer.count(0, 1)), before.score()
    assert after.to_dict() == scores.to_dict()


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"data": {"root": "{}", "train": "none.txt"}}, r"none\.txt: No such file"),
        ({"data": {"root": "{}", "train": "empty.jsonl"}}, r"empty\.jsonl: no text in it"),
        ({"masking": {"terms": "wrong.tsv"}}, r"wrong\.tsv:1: 1 columns"),
        ({"masking": {"model": "runs/none"}}, "runs/none is no bundle and no checkpoint"),
        ({"model": {"pretrained": "./none"}}, "no such folder"),
    ],
)
def test_what_cannot_be_read_is_told_before_anything_runs(
    tmp_path: Path, sections: dict[str, Any], message: str
) -> None:
    (tmp_path / "empty.jsonl").write_text('{"text": ""}\n')
    (tmp_path / "wrong.tsv").write_text("北京\n")
    text = json.dumps(sections).replace("{}", str(tmp_path))
    with pytest.raises(InputError, match=message):
        train(text_config(tmp_path, **json.loads(text)), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_without_jieba_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paddle_ner.environment.packages.is_installed", lambda module: module != "jieba")
    with pytest.raises(MissingPackageError, match=r"needs jieba.*pip install 'paddle-ner\[pretrain\]'"):
        Pretraining().check(text_config(tmp_path), print, print)
    Pretraining().check(text_config(tmp_path, masking={"units": "tokens"}), print, print)


def test_text_that_leaves_nothing_to_choose_by_is_refused(tmp_path: Path) -> None:
    config = text_config(tmp_path, data={"root": str(tmp_path), "train": "one.txt", "dev_fraction": 1e-9})
    (tmp_path / "one.txt").write_text("只有一句话\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"no held-out text is left of 1 texts: name some with data\.dev"):
        Pretraining().prepare(Run(config, tmp_path / "run", lambda: False, lambda _: None))


def test_a_run_of_another_command_is_not_gone_on_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from paddle_ner.config import dump

    monkeypatch.setattr(sys, "stdin", None)
    (tmp_path / "config.yaml").write_text(dump(small_config(tmp_path)), encoding="utf-8")
    assert main(["pretrain", "--resume", "-o", str(tmp_path)]) == 2
    assert "was begun by paddle-ner train or distill" in capsys.readouterr().err
    (tmp_path / "config.yaml").write_text(dump(text_config(tmp_path)), encoding="utf-8")
    assert main(["train", "--resume", "-o", str(tmp_path)]) == 2
    assert "was begun by paddle-ner pretrain" in capsys.readouterr().err


def test_a_loss_that_is_not_finite_is_told(pretrained: tuple[Path, JobTrainer, list[str]], tmp_path: Path) -> None:
    config = text_config(tmp_path, model={"pretrained": str(pretrained[0] / "encoder")})
    prepared = Pretraining().prepare(Run(config, tmp_path / "run", lambda: False, lambda _: None))
    bias = prepared.model.cls.predictions.decoder_bias
    bias.set_value(paddle.full_like(bias, float("nan")))
    with pytest.raises(PaddleNerError, match="not finite"):
        prepared.scorer.count(0, 1)


def test_held_out_text_of_which_nothing_can_be_masked_is_told(tmp_path: Path) -> None:
    (tmp_path / "dev.txt").write_text("杭州西湖\n", encoding="utf-8")
    data = {"root": str(tmp_path), "train": "texts.txt", "dev": "dev.txt"}
    config = text_config(tmp_path, data=data, masking={"terms": "terms.tsv"})
    prepared = Pretraining().prepare(Run(config, tmp_path / "run", lambda: False, lambda _: None))
    with pytest.raises(InputError, match="no token of it can be masked"):
        prepared.scorer.report(prepared.scorer.count(0, 1))


def test_an_encoder_with_too_few_positions_is_told_before_the_text_is_read(
    pretrained: tuple[Path, JobTrainer, list[str]], tmp_path: Path
) -> None:
    config = text_config(tmp_path, model={"pretrained": str(pretrained[0] / "encoder")}, window={"size": 64})
    with pytest.raises(InputError, match=r"--set window\.size=24"):
        Pretraining().prepare(Run(config, tmp_path / "run", lambda: False, lambda _: None))
    assert not (tmp_path / "run").exists()
