"""Classification the whole way: trained, exported, asked; one class a text, and several."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import paddle_ner
from paddle_ner import data
from paddle_ner.config import parse
from paddle_ner.evaluation.score import score
from paddle_ner.export import export
from paddle_ner.training import train
from paddle_ner.types import Example

WORDS = {"体育": ("足球", "冠军", "比赛"), "财经": ("股票", "银行", "利率"), "天气": ("下雨", "降温", "台风")}


def texts(count: int, seed: int, most: int) -> list[tuple[str, tuple[str, ...]]]:
    """Texts that name words of one to `most` classes."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        labels = sorted(draw.sample(sorted(WORDS), draw.randint(1, most)))
        found.append(("今天的消息," + ",".join(draw.choice(WORDS[label]) for label in labels), tuple(labels)))
    return found


def examples(task: str, count: int, seed: int) -> list[Example]:
    if task == "classification":
        return [Example(text, label=labels[0]) for text, labels in texts(count, seed, most=1)]
    return [Example(text, labels=labels) for text, labels in texts(count, seed, most=3)]


@pytest.mark.parametrize("task", ["classification", "multi-label"])
def test_it_is_learned_and_served_from_the_bundle(task: str, tmp_path: Path) -> None:
    data.write(tmp_path / "train.jsonl", examples(task, 200, seed=1))
    data.write(tmp_path / "dev.jsonl", examples(task, 40, seed=2))
    encoder: dict[str, float] = {
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 64,
    }
    encoder |= {"initializer_range": 0.1, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    config = parse(
        {
            "name": "small",
            "task": {"type": task},
            "data": {"root": str(tmp_path), "train": "train.jsonl", "dev": "dev.jsonl"},
            "model": {"encoder": encoder},
            "tokenizer": {"min_frequency": 1},
            "window": {"size": 32, "overlap": 8},
            "training": {"epochs": 25, "batch_size": 16, "learning_rate": 0.005},
        },
        "small",
    )
    trained = train(config, tmp_path / "run")
    assert trained.score > 0.9
    bundle = export(trained.checkpoint, tmp_path / "bundle").bundle
    gold = examples(task, 60, seed=3)
    first, _ = score(paddle_ner.load(trained.checkpoint), gold)
    second, answers = score(paddle_ner.load(bundle), gold)
    assert second.to_dict() == first.to_dict()
    assert second.value > 0.9
    assert all(set(answer.scores or {}) == set(WORDS) for answer in answers)
