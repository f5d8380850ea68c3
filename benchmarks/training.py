"""Tokens a second of training on this CPU, fine-tuning and pretraining, beside PyTorch with transformers.

``python benchmarks/training.py --torch PYTHON``: PYTHON is that of an environment with torch and transformers; without
it only ours is measured, and the table says so. Ours is the whole of `paddle-ner train` and `pretrain`: reading,
batches, loss, optimizer, events; the clock runs from update `WARM_UP` to the last one. The peer is a bare loop over
batches that are drawn in memory (`training_torch.py`). Both: an encoder of the same size, batches of 32 full windows of
64 tokens, AdamW, gradients clipped, float32. Nothing else should run on the machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from paddle_ner import data
from paddle_ner.config import BaseConfig, Config, PretrainConfig, parse_as
from paddle_ner.machine import cpu_name, usable_cores
from paddle_ner.training import train
from paddle_ner.training.events import Event, Updated
from paddle_ner.types import Entity, Example

Kind = Literal["finetuning", "pretraining"]
WARM_UP = 10  # updates before the clock runs
LABELS = ("PER", "LOC", "ORG")


@dataclass(frozen=True)
class Sizes:
    """What is trained.

    Attributes:
        layers, width, heads: of the encoder; its feed-forward parts are four times as wide.
        vocabulary: characters of the text, and the special tokens.
        tags: outputs of the head for tokens.
        batch, length: windows of an update, and their tokens.
        updates, warm_up: that are measured, and before them.
        threads: of the peer.
    """

    layers: int
    width: int
    heads: int
    updates: int
    vocabulary: int = 6005
    tags: int = 2 * len(LABELS) + 1
    batch: int = 32
    length: int = 64
    warm_up: int = WARM_UP
    threads: int = usable_cores()


def ours(kind: Kind, sizes: Sizes, processes: int) -> float:
    """Tokens a second of a training by this package, on so many processes that share the batch."""
    times: dict[int, float] = {}

    def observe(event: Event) -> None:
        if isinstance(event, Updated):
            times[event.step] = time.monotonic()

    with tempfile.TemporaryDirectory() as folder:
        config = _config(kind, sizes, Path(folder), processes)
        train(config, Path(folder) / "run", devices=f"cpu:{processes}" if processes > 1 else "cpu", observe=observe)
    last = max(times)
    return (last - sizes.warm_up) * sizes.batch * sizes.length / (times[last] - times[sizes.warm_up])


def peers(kind: Kind, sizes: Sizes, python: str) -> float:
    """The same in PyTorch."""
    script = Path(__file__).with_name("training_torch.py")
    command = [python, str(script), kind, json.dumps(asdict(sizes))]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{python} cannot measure {kind}: {done.stderr.strip().splitlines()[-1]}")
    return float(done.stdout.split()[-1])


def _config(kind: Kind, sizes: Sizes, folder: Path, processes: int) -> BaseConfig:
    """A training on text of random characters, of which each window is full."""
    random = np.random.default_rng(1)
    characters = np.array([chr(0x4E00 + index) for index in range(sizes.vocabulary - 5)])
    count = 40 * sizes.batch
    texts = ["".join(row) for row in characters[random.integers(0, len(characters), (count, sizes.length - 2))]]
    texts[: -(-len(characters) // (sizes.length - 2))] = _lines("".join(characters), sizes.length - 2)
    places = [(int(start), LABELS[index % len(LABELS)]) for index, start in enumerate(random.integers(0, 50, count))]
    entities = [(Entity.of(text, start, start + 3, label),) for text, (start, label) in zip(texts, places, strict=True)]
    examples = [Example(text, entities=found) for text, found in zip(texts, entities, strict=True)]
    data.write(folder / "train.jsonl", examples)
    data.write(folder / "dev.jsonl", examples[:1])
    record: dict[str, Any] = {
        "name": "speed",
        "data": {"root": str(folder), "train": "train.jsonl", "dev": "dev.jsonl"},
        "model": {
            "encoder": {
                "hidden_size": sizes.width,
                "num_hidden_layers": sizes.layers,
                "num_attention_heads": sizes.heads,
                "intermediate_size": 4 * sizes.width,
                "hidden_act": "relu",
                "hidden_dropout_prob": 0.1,
                "attention_probs_dropout_prob": 0.0,
            }
        },
        "tokenizer": {"min_frequency": 1},
        "window": {"size": sizes.length},
        "training": {
            "max_steps": sizes.warm_up + sizes.updates,
            "batch_size": sizes.batch // processes,
            "evaluate_every": 1_000_000,
        },
    }
    if kind == "pretraining":
        return parse_as(PretrainConfig, {**record, "masking": {"units": "tokens"}}, kind)
    record["training"]["augment"] = {}
    return parse_as(Config, {**record, "task": {"type": "ner"}, "examples": []}, kind)


def _lines(text: str, length: int) -> list[str]:
    """A text in lines of one length; the last one is filled up with its beginning."""
    return [(text + text)[start : start + length] for start in range(0, len(text), length)]


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torch", metavar="PYTHON", help="of an environment with torch and transformers")
    parser.add_argument("--updates", type=int, default=100, help="that are measured, by default 100")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--heads", type=int, default=4)
    options = parser.parse_args()
    sizes = Sizes(options.layers, options.width, options.heads, options.updates)
    print(
        f"{cpu_name()}, {usable_cores()} cores; {sizes.layers} layers x {sizes.width}, {sizes.batch} x {sizes.length}"
    )
    kinds: tuple[Kind, ...] = ("finetuning", "pretraining")
    for kind in kinds:
        peer = None if options.torch is None else peers(kind, sizes, options.torch)
        shown = "not measured (--torch PYTHON)" if peer is None else f"{peer:,.0f} tokens/s"
        print(f"{kind:12} PyTorch, {sizes.threads} threads  {shown}")
        for processes in sorted({1, usable_cores()}):
            speed = ours(kind, sizes, processes)
            share = "" if peer is None else f"  {speed / peer:.2f} of PyTorch"
            print(f"{kind:12} paddle_ner, {processes} processes  {speed:,.0f} tokens/s{share}", flush=True)


if __name__ == "__main__":
    main()
