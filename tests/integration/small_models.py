"""What the small models of the tests are trained with: sentences that a seed gives, and a config of seconds."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import yaml

from paddle_ner import data
from paddle_ner.config import Config, parse
from paddle_ner.types import Entity, Example

PEOPLE = ("王小明", "李娜", "张伟", "欧阳修远", "赵敏")
PLACES = ("北京", "上海市", "杭州西湖", "广州")
PATTERNS = ("{p}昨天去了{l}。", "在{l}工作的{p}回来了", "{l}今天下雨,没有人出门", "听说{p}要搬家", "今天天气不错")


def sentences(count: int, seed: int) -> list[Example]:
    """Sentences with people and places, the same for the same seed."""
    draw = random.Random(seed)
    examples = []
    for _ in range(count):
        pattern = draw.choice(PATTERNS)
        names = {"p": draw.choice(PEOPLE), "l": draw.choice(PLACES)}
        text = pattern.format(**names)
        found = [(key, names[key]) for key in names if f"{{{key}}}" in pattern]
        entities = [
            Entity.of(text, text.index(name), text.index(name) + len(name), "PER" if key == "p" else "LOC")
            for key, name in found
        ]
        examples.append(Example(text, entities=tuple(sorted(entities, key=lambda entity: entity.start))))
    return examples


def small_config(folder: Path, **training: Any) -> Config:
    """A config over files in `folder` that trains in seconds."""
    data.write(folder / "train.jsonl", sentences(160, seed=1))
    data.write(folder / "dev.jsonl", sentences(37, seed=2))
    return parse(
        {
            "name": "small",
            "task": {"type": "ner"},
            "data": {"root": str(folder), "train": "train.jsonl", "dev": "dev.jsonl", "test": "dev.jsonl"},
            "model": {
                "encoder": {
                    "hidden_size": 32,
                    "num_hidden_layers": 1,
                    "num_attention_heads": 2,
                    "intermediate_size": 64,
                    "hidden_dropout_prob": 0.1,
                }
            },
            "tokenizer": {"min_frequency": 1},
            "window": {"size": 24, "overlap": 6},
            "training": {"epochs": 12, "batch_size": 16, "learning_rate": 0.01, **training},
        },
        "small config",
    )


def config_file(folder: Path, config: Config) -> Path:
    """The config as a file, for the command line."""
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config.model_dump(mode="json"), allow_unicode=True), encoding="utf-8")
    return path
