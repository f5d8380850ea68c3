"""What a model scores by how many labelled texts it learned from: a config trained on part of its training data.

``python benchmarks/labels.py CONFIG...`` [--labels 1200 all] [--seeds 1 2 3] [--set KEY=VALUE]

For each number of labels and each seed: this many texts are drawn from the training data, the config is trained on
them, and the checkpoint is scored on the config's test file. The dev set is cut from the texts that were drawn; only a
training on all of them uses the config's own. The seed changes the draw and the first weights. Prints a line for each
training, then mean and spread (the sample's standard deviation).
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from paddle_ner import config as configs
from paddle_ner import data
from paddle_ner.config import Config
from paddle_ner.evaluation.score import score
from paddle_ner.inference import load
from paddle_ner.training import train
from paddle_ner.training.corpus import read_file
from paddle_ner.types import Example


def trained(config: Config, examples: list[Example] | None, seed: int, folder: Path, devices: str) -> dict[str, float]:
    """Train on `examples`, or on all, and score: dev and test in percent, and the minutes that the training took."""
    content = config.model_dump(mode="json", exclude_unset=True)
    content["training"]["seed"] = seed
    if examples is not None:
        part = folder / "part.jsonl"
        data.write(part, examples)
        train_file = {"path": str(part.absolute()), "format": "jsonl"}
        content["data"] |= {"train": train_file, "dev": None, "dev_fraction": 0.1}
    began = time.monotonic()
    done = train(content, folder / "run", devices=devices)
    minutes = (time.monotonic() - began) / 60
    assert config.data.test is not None
    report, _ = score(load(done.checkpoint), read_file(config, config.data.test))
    return {"minutes": minutes, "dev": 100 * done.score, "test": 100 * report.value}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, score and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("configs", type=Path, nargs="+")
    parser.add_argument("--labels", nargs="+", default=["all"], help="numbers of texts, or all")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--set", dest="overrides", action="append", default=[], help="KEY=VALUE of each config")
    parser.add_argument("--devices", default="cpu")
    parser.add_argument("--json", type=Path, help="append each training's figures to this file")
    options = parser.parse_args(arguments)
    for path in options.configs:
        config = configs.load(path, options.overrides)
        examples = read_file(config, config.data.train)
        for labels in options.labels:
            count = None if labels == "all" else int(labels)
            rows = []
            for seed in options.seeds:
                part = None if count is None else random.Random(seed).sample(examples, count)
                with tempfile.TemporaryDirectory() as folder:
                    row = trained(config, part, seed, Path(folder), options.devices)
                rows.append(row)
                told = {"config": path.name, "set": options.overrides, "labels": labels, "seed": seed, **row}
                if options.json:
                    with options.json.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(told) + "\n")
                print(f"{path.name}, {labels} labels, seed {seed}: {_told(row)}", flush=True)
            print(f"{path.name}, {labels} labels, {len(rows)} seeds: {_summary(rows)}", flush=True)


def _told(row: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in row.items())


def _summary(rows: list[dict[str, float]]) -> str:
    """Mean and spread of each figure."""
    values = {name: [row[name] for row in rows] for name in rows[0]}
    spread = {name: statistics.stdev(each) if len(each) > 1 else 0.0 for name, each in values.items()}
    return ", ".join(f"{name} {statistics.mean(each):.2f} ± {spread[name]:.2f}" for name, each in values.items())


if __name__ == "__main__":
    main()
