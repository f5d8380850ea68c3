"""A real training, small enough to run in the test's own process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
from safetensors.numpy import load_file

from paddle_ner import data
from paddle_ner.config import Config, parse
from paddle_ner.training import jobs, state
from paddle_ner.training.trainer import JobTrainer, arguments
from paddle_ner.types import Entity, Example

PLACES = ("北京", "上海", "广州", "杭州西湖")
QUIET = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
ENCODER = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, **QUIET}


def named(place: str) -> Example:
    text = f"我在{place}看了看"
    return Example(text, entities=(Entity.of(text, 2, 2 + len(place), "LOC"),))


EXAMPLES = {
    "ner": [named(place) for place in PLACES],
    "classification": [Example(f"{word}天气", label=word) for word in ("晴", "雨", "晴", "晴")],
    "multi-label": [
        Example("又晴又雨", labels=("晴", "雨")),
        Example("晴天", labels=("晴",)),
        Example("没有", labels=()),
    ],
}


def config_of(
    folder: Path, task: str = "ner", head: str | None = None, encoder: dict[str, Any] | None = None, **training: Any
) -> Config:
    """A config over EXAMPLES of `task`, which are written into `folder`."""
    data.write(folder / "examples.jsonl", EXAMPLES[task])
    return parse(
        {
            "name": "x",
            "task": {"type": task},
            "data": {"root": str(folder), "train": "examples.jsonl", "dev": "examples.jsonl"},
            "model": {"encoder": {**ENCODER, **(encoder or {})}, "head": head},
            "tokenizer": {"min_frequency": 1},
            "window": {"size": 24, "overlap": 6},
            "training": {"batch_size": 2, "augment": {}, "learning_rate": 0.01, "max_steps": 4, **training},
        },
        "config",
    )


def trainer_of(config: Config, folder: Path) -> JobTrainer:
    """Ready to train, with `folder` as the run's."""
    paddle.seed(5)
    run = jobs.Run(config, folder, lambda: False, lambda _: None)
    prepared = jobs.job_of(config).prepare(run)
    args = arguments(config.training, folder, "cpu", 1)
    return JobTrainer(prepared=prepared, args=args, config=config.training, stop=run.stop)


def train(config: Config, folder: Path, *, stop_after: int | None = None) -> Path:
    """Train in `folder`, going on from the last state there, up to `stop_after` updates; returns the new last state."""
    with paddle.utils.unique_name.guard():  # states name weights as in a process of its own
        trainer = trainer_of(config, folder)
        trainer._stop = lambda: trainer.state.global_step + 1 == stop_after
        last = next(iter(reversed(state.steps(folder / "state"))), None)
        if last is None or not trainer.resume(last):
            trainer.train(resume_from_checkpoint=str(last) if last else None)
    assert trainer.interrupted == (stop_after is not None)
    return state.steps(folder / "state")[-1]


def assert_equal_states(first: Path, second: Path) -> None:
    """Two states hold the same arrays, bit for bit."""
    assert first.name == second.name
    files = sorted(path.name for path in first.glob("*.safetensors"))
    assert files == sorted(path.name for path in second.glob("*.safetensors"))
    for name in files:
        one, other = load_file(first / name), load_file(second / name)
        assert one.keys() == other.keys()
        assert all(np.array_equal(one[key], other[key]) for key in one)


def update(trainer: JobTrainer) -> dict[str, Any]:
    """The gradients of one update over all examples, by name."""
    batch = trainer._prepared.collate(trainer._prepared.features)
    trainer.training_step(trainer.model, {name: paddle.to_tensor(values) for name, values in batch.items()})
    named = trainer.model.named_parameters()
    return {name: parameter.grad.numpy() for name, parameter in named if parameter.grad is not None}


def weights_of(model: Any) -> dict[str, Any]:
    """Copies of the weights, by name."""
    return {name: value.numpy().copy() for name, value in model.state_dict().items()}
