#!/usr/bin/env python3
"""The default model as the package ships it, of what `train.py` wrote: a bundle without what the starter has already.

    python configs/default/pack.py runs/default

Needs paddle_ner with its extra `train`, and PADDLE_NER_DATA; ten minutes on a CPU. The weights are rounded to int8 by
rows, and what is exported and scored is what the rounded ones are worth. Leaves checkpoint/ and bundle/ in the
folder, writes into paddle_ner/inference/default, and prints the scores.
"""

from __future__ import annotations

import argparse
import json
import shutil
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from paddle_ner import modeling
from paddle_ner.bundle import BUNDLE_MANIFEST, TOKENIZER, Manifest
from paddle_ner.bundle.protobuf import fields
from paddle_ner.config import Config, load, portable
from paddle_ner.evaluation import temperature
from paddle_ner.evaluation.score import score
from paddle_ner.export import export
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.inference import default
from paddle_ner.inference import load as load_model
from paddle_ner.inference.engines.dynamic import DynamicEngine
from paddle_ner.inference.predictor import Predictor
from paddle_ner.modeling import starter
from paddle_ner.modeling.weights import Tensors, to_int8_rows, to_paddle_layout
from paddle_ner.training.corpus import Corpus, read_corpus, read_file

CONFIG = Path(__file__).with_name("default.yaml")
FLOAT32 = 5  # of Paddle's types


def rounded(weights: Tensors) -> Tensors:
    """What is shipped: int8 with float16 scales for matrices, float32 for the rest, nothing of the starter's tables."""
    stored: Tensors = {}
    for name, value in weights.items():
        if name in default.FROM_STARTER:
            continue
        if value.ndim == 1 or "token_type" in name or name.startswith("classifier"):
            stored[name] = value.astype(np.float32)
            continue
        stored |= to_int8_rows(name, value)
    return stored


def write_checkpoint(config: Config, corpus: Corpus, weights: Tensors, longest: int, target: Path) -> None:
    """The checkpoint of the weights, by the package's own reader of Hugging Face's layout."""
    folder = target.with_name("huggingface")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("config.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copy(starter.FOLDER / name, folder)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    model = modeling.from_pretrained("token", corpus.task.num_outputs, folder, with_head=True, log=print)
    vocabulary = modeling.vocabulary_of(folder)
    window = config.window.model_copy(update={"longest": longest})
    manifest = Manifest(
        name="default",
        task=corpus.task.spec(),
        window=window,
        config=portable(config, CONFIG.parent),
        examples=list(config.examples or ()),
    )
    tokenizer = Tokenizer.wordpiece(vocabulary.tokens, vocabulary.lowercase)
    softened = temperature.fit(Predictor(manifest, tokenizer, DynamicEngine(model)), corpus.dev)
    print(f"temperature {softened}")
    spec = {**manifest.task, "temperature": softened}
    modeling.write_checkpoint(target, model, tokenizer, manifest.model_copy(update={"task": spec}))


def header_at(data: bytes, at: int) -> tuple[bytes, int]:
    """What goes before a tensor in Paddle's file of parameters, and the size of the tensor behind it in bytes.

    Versions of LoD and tensor, 4 bytes each, with the LoD's levels (none) in 8 between; the size of a description in
    4, and that, a protobuf: field 1 is the type, 5 for float32, field 2 a dimension, as often as there are.
    """
    version, levels, _, size = struct.unpack_from("<IQIi", data, at)
    if (version, levels) != (0, 0):
        sys.exit(f"parameters of an unknown version {version}, {levels}")
    header = data[at : at + 20 + size]
    description = list(fields(memoryview(header)[20:]))
    if (1, FLOAT32) not in description:
        sys.exit("a parameter is not float32")
    return header, 4 * int(np.prod([value for number, value in description if number == 2], dtype=np.int64))


def parameters(weights: Path, tensors: Tensors) -> list[dict[str, str]]:
    """The names of the tensors in a bundle's file of weights, in its order, each with the bytes that go before it."""
    data = weights.read_bytes()
    known = {value.tobytes(): name for name, value in tensors.items()}
    found, at = [], 0
    while at < len(data):
        header, size = header_at(data, at)
        begin = at + len(header)
        found.append({"name": known[data[begin : begin + size]], "header": header.hex()})
        at = begin + size
    return found


def main() -> None:
    """Make the checkpoint and the bundle, and pack them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with input.npz and default.npz; for checkpoint and bundle")
    options = parser.parse_args()
    config = load(CONFIG)
    corpus = read_corpus(config)
    stored = rounded(dict(np.load(options.folder / "default.npz")))
    save_file(stored, default.FOLDER / default.WEIGHTS)
    tensors = default.tensors()
    checkpoint = options.folder / "checkpoint"
    longest = int(np.load(options.folder / "input.npz")["train.lengths"].max())
    write_checkpoint(config, corpus, tensors, longest, checkpoint)
    bundle = export(checkpoint, options.folder / "bundle", [example.text for example in corpus.dev[:200]]).bundle
    model = load_model(bundle)
    assert config.data.test is not None
    scored: dict[str, Any] = {"dev": corpus.dev, "test": read_file(config, config.data.test)}
    for name, examples in scored.items():
        report, _ = score(model, examples)
        print(f"{name}: {report.to_dict()}")
    layout = {name: np.ascontiguousarray(value) for name, value in to_paddle_layout(tensors).items()}
    parts = parameters(bundle / "model.pdiparams", layout)
    (default.FOLDER / default.PARTS).write_text(json.dumps(parts, indent=0) + "\n", encoding="utf-8")
    for name in ("model.json", BUNDLE_MANIFEST, TOKENIZER):
        shutil.copy(bundle / name, default.FOLDER)
    sizes = {path.name: path.stat().st_size for path in sorted(default.FOLDER.iterdir()) if path.is_file()}
    print(sizes, sum(sizes.values()))


if __name__ == "__main__":
    main()
