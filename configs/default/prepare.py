#!/usr/bin/env python3
"""The labelled and the raw sentences that the default model learns from, as token ids in one file.

    python configs/default/prepare.py runs/starter/input.npz $PADDLE_NER_DATA runs/default/input.npz

MSRA as configs/ner/msra.yaml reads it: 3% of train are cut off as dev. Each text is there as it is and, where it has
several sentences, cut at their ends. Raw sentences come from the files that the starter was made with.
"""

from __future__ import annotations

import argparse
import gzip
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner import tasks
from paddle_ner.config import load
from paddle_ner.features import windows
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.training.corpus import read_corpus
from paddle_ner.types import Entity, Example

CONFIGS = {"msra": Path("configs/ner/msra.yaml"), "cluener": Path("configs/ner/cluener.yaml")}
RAW = {"zhwiki_cmrc2018": 30_000, "fairy_tales_cft": 5_000, "medical_qa_toyhom": 5_000, "tech_lctt_published": 20_000}
SIZE, OVERLAP = 256, 64
SENTENCE = re.compile(r"[^。！？；!?;]*[。！？；!?;]+[”’」』）)]*|[^。！？；!?;]+$")


def sentences(example: Example) -> list[Example]:
    """The sentences of a text that no entity crosses."""
    ends = [match.end() for match in SENTENCE.finditer(example.text)]
    ends = [end for end in ends if not any(e.start < end < e.end for e in example.entities or ())]
    found, start = [], 0
    for end in ends:
        inside = [e for e in example.entities or () if start <= e.start < end]
        text = example.text[start:end]
        entities = tuple(Entity.of(text, e.start - start, e.end - start, e.label) for e in inside)
        found.append(Example(text, entities=entities, origin=example.origin))
        start = end
    return found


def arrays(examples: list[Example], task: Any, tokenizer: Tokenizer) -> dict[str, NDArray[Any]]:
    """Flat ids and tags of all windows, and the length of each."""
    ids, tags, lengths = [], [], []
    for example in examples:
        encoded = windows.encode(example.text, tokenizer, SIZE, OVERLAP)
        targets = task.targets(example, encoded)[0]
        for window, target in zip(encoded.windows, targets, strict=True):
            ids.append(window.ids)
            tags.append(target)
            lengths.append(len(window.ids))
    return {
        "ids": np.concatenate(ids).astype(np.uint16),
        "tags": np.concatenate(tags).astype(np.int8),
        "lengths": np.array(lengths, dtype=np.int32),
    }


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("starter", "data", "output"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args()
    vocabulary = np.load(options.starter)["vocabulary"].tolist()
    tokenizer = Tokenizer.wordpiece(vocabulary, lowercase=False)
    content: dict[str, NDArray[Any]] = {}
    for name, path in CONFIGS.items():
        corpus = read_corpus(load(path))
        content[f"{name}.labels"] = np.array(corpus.task.scheme.tags)
        parts = {"train": corpus.train, "dev": corpus.dev}
        several = [cut for example in corpus.train for cut in sentences(example)]
        single = {example.text for example in corpus.train}
        parts["train"] = corpus.train + [example for example in several if example.text not in single]
        for part, examples in parts.items():
            for kind, array in arrays(examples, corpus.task, tokenizer).items():
                content[f"{name}.{part}.{kind}"] = array
        print(f"{name}: {len(parts['train'])} rows of train, {len(corpus.dev)} texts of dev")
    random = np.random.default_rng(0)
    raw: list[Example] = []
    for name, count in RAW.items():
        with gzip.open(options.data / "rawtext" / f"{name}.txt.gz", "rt", encoding="utf-8") as file:
            lines = [Example(line.strip(), entities=()) for line in file]
        cut = [sentence for line in lines for sentence in sentences(line) if 8 <= len(sentence.text) <= 200]
        raw += [cut[i] for i in random.permutation(len(cut))[:count]]
    task = tasks.create("ner", ["PER", "LOC", "ORG"])
    for kind, array in arrays(raw, task, tokenizer).items():
        if kind != "tags":
            content[f"raw.train.{kind}"] = array
    options.output.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.output, **content)
    print(f"{options.output}: {len(raw)} raw sentences, {options.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
