"""Our tokenizer beside PaddleNLP's, on the same texts and vocabulary, with the same ids, in turns in one run.

``python benchmarks/tokenization.py`` [--texts FILE] [--json]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import models

from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.machine import cpu_name

ROUNDS = 5
TEXTS = 1000


def seconds(run: Callable[[], object]) -> float:
    """Of one call."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    models.add_arguments(parser)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    every = models.read_texts(options.texts)
    vocabulary = models.vocabulary(every)
    texts = every[:TEXTS]
    from paddlenlp.transformers import ErnieTokenizer

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vocab.txt"
        path.write_text("\n".join(vocabulary), encoding="utf-8")
        theirs = ErnieTokenizer(str(path))
    ours = Tokenizer.wordpiece(vocabulary)
    different = sum(theirs(text)["input_ids"][1:-1] != ours.encode(text).ids.tolist() for text in texts)
    runs: dict[str, Callable[[], object]] = {
        "ours": lambda: [ours.encode(text) for text in texts],
        "PaddleNLP": lambda: [theirs(text) for text in texts],
        "PaddleNLP with offsets": lambda: [
            theirs(text, return_offsets_mapping=True, return_token_type_ids=False) for text in texts
        ],
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(ROUNDS + 1):
        for name, run in runs.items():
            took = seconds(run)
            if turn:
                times[name].append(took)
    median = {name: statistics.median(values) for name, values in times.items()}
    report = {
        "cpu": cpu_name(),
        "texts": len(texts),
        "characters": sum(map(len, texts)),
        "texts_with_other_ids": different,
        "microseconds_a_text": {name: 1e6 * one / len(texts) for name, one in median.items()},
        "ratio": median["PaddleNLP"] / median["ours"],
        "ratio_with_offsets": median["PaddleNLP with offsets"] / median["ours"],
    }
    if options.json:
        print(json.dumps(report))
        return
    print(f"{report['cpu']}: {len(texts)} texts, {report['characters']} characters, {different} with other ids")
    for name, one in median.items():
        print(f"{name:24} {1e6 * one / len(texts):7.0f} µs a text")
    ratios = f"{report['ratio']:.1f} x PaddleNLP, {report['ratio_with_offsets']:.1f} x with offsets"
    print(f"ours, always with offsets: {ratios}")


if __name__ == "__main__":
    main()
