#!/usr/bin/env python3
"""What the training of the default model reads, as one file: windows of token ids and tags, new ones for each epoch.

    python configs/default/prepare.py runs/default/input.npz --epochs 4

Needs paddle_ner and PADDLE_NER_DATA; a minute. The data, the windows and what is made of them (sentences that run into
one another, drawn anew for each epoch) are those of ``paddle-ner train configs/default/default.yaml``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from paddle_ner import modeling
from paddle_ner.config import load
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.files import whole_file
from paddle_ner.training import batches
from paddle_ner.training.augmentation import augmented, shares_of
from paddle_ner.training.batches import Features
from paddle_ner.training.corpus import read_corpus

CONFIG = Path(__file__).with_name("default.yaml")
OUTSIDE_OF_LOSS = -1  # the tag of [CLS], [SEP] and of tokens that another window answers for


def rows(features: list[Features]) -> dict[str, Any]:
    """The windows one behind the other: ids, tags, and the length of each."""
    tags = []
    for window in features:
        row = np.full(len(window.ids), OUTSIDE_OF_LOSS, dtype=np.int8)
        row[: len(window.target)] = np.where(window.target < 0, OUTSIDE_OF_LOSS, window.target)
        tags.append(row)
    return {
        "ids": np.concatenate([window.ids for window in features]).astype(np.uint16),
        "tags": np.concatenate(tags),
        "lengths": np.array([len(window.ids) for window in features], dtype=np.int32),
    }


def main() -> None:
    """Read the data and write the windows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=Path, help="the .npz to write")
    parser.add_argument("--epochs", type=int, default=4)
    options = parser.parse_args()
    config = load(CONFIG)
    corpus = read_corpus(config, print)
    vocabulary = modeling.vocabulary_of("starter")
    tokenizer = Tokenizer.wordpiece(vocabulary.tokens, vocabulary.lowercase)
    arrays: dict[str, Any] = {"tags_of": np.array(corpus.task.labels), "seed": config.training.seed}
    parts = {"train": corpus.train, "dev": corpus.dev}
    for number in range(options.epochs):
        shares = shares_of(config.training, config.window.unit, corpus.task.name)
        parts[f"more{number}"] = [
            example
            for made in augmented(corpus.train, shares, config.training.seed + number).values()
            for example in made
        ]
    for name, examples in parts.items():
        features, misaligned = batches.encode(examples, corpus.task, tokenizer, config.window)
        arrays |= {f"{name}.{key}": value for key, value in rows(features).items()}
        tokens = sum(len(window.ids) for window in features)
        print(f"{name}: {len(examples):,} texts, {len(features):,} windows, {tokens:,} tokens, {misaligned} misaligned")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(options.output) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **arrays)


if __name__ == "__main__":
    main()
