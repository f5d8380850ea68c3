"""Models to measure: the published shapes with random weights, which take as long as trained ones."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from paddle_ner import bundle, data
from paddle_ner.bundle import Manifest, WindowSpec
from paddle_ner.bundle.compression import Plan
from paddle_ner.compression.options import Options
from paddle_ner.compression.search import compress
from paddle_ner.evaluation.tuning import tune
from paddle_ner.export import export
from paddle_ner.features.tokenizer import SPECIAL_TOKENS, Tokenizer
from paddle_ner.inference import load
from paddle_ner.modeling import build, write_checkpoint
from paddle_ner.types import Example

# Of PaddleNLP's published configs; 40,000 is the size of their vocabulary.
SHAPES = {
    "medium": {"num_hidden_layers": 6, "hidden_size": 768, "num_attention_heads": 12, "intermediate_size": 3072},
    "nano": {"num_hidden_layers": 4, "hidden_size": 312, "num_attention_heads": 12, "intermediate_size": 1248},
}
VOCABULARY = 40_000
TASK = {"name": "ner", "labels": ["PER", "LOC", "ORG"], "tag_scheme": "BIO"}
SEED = 7
TUNED_TEXTS = 128


def vocabulary(texts: list[str]) -> list[str]:
    """A vocabulary of the published kind and size, with every character of `texts` in it."""
    seen = sorted({character for text in texts for character in text.lower() if not character.isspace()})
    pieces = [*SPECIAL_TOKENS, *seen, *(f"##{character}" for character in seen)]
    return [*pieces, *(f"[unused{number}]" for number in range(VOCABULARY - len(pieces)))]


def make_checkpoint(shape: str, texts: list[str], folder: Path) -> Path:
    """A checkpoint of `shape`. The head leans to O as a trained one does, so that about one token in ten is tagged."""
    import numpy as np
    import paddle

    tokenizer = Tokenizer.wordpiece(vocabulary(texts))
    card = Manifest(name=shape, task=TASK, window=WindowSpec(size=512, overlap=128))
    task = card.build_task()
    paddle.seed(SEED)
    model = build(
        task.head,
        task.num_outputs,
        config={**SHAPES[shape], "max_position_embeddings": 2048, "type_vocab_size": 4, "hidden_act": "gelu"},
        vocab_size=VOCABULARY,
        pad_token_id=tokenizer.pad_id,
    )
    model.eval()
    with paddle.no_grad():
        ids = [[tokenizer.cls_id, *tokenizer.encode(text).ids[:126], tokenizer.sep_id] for text in texts[:64]]
        logits = np.concatenate([model(input_ids=paddle.to_tensor([row])).numpy()[0] for row in ids])
        lead = logits[:, 1:].max(axis=1) - logits[:, 0]
        bias = model.classifier.bias.numpy()
        bias[0] += np.quantile(lead, 0.9)
        model.classifier.bias.set_value(bias)
    write_checkpoint(folder, model, tokenizer, card)
    return folder


def make_bundle(shape: str, texts: list[str], folder: Path) -> Path:
    """`folder`/checkpoint and `folder`/bundle, made where they are not there yet. Gives the bundle's path."""
    target = folder / "bundle"
    if not bundle.is_bundle(target):
        export(make_checkpoint(shape, texts, folder / "checkpoint"), target, texts[:50], onnx=True)
    return measured(target, texts)


def measured(target: Path, texts: list[str]) -> Path:
    """`target`, timed on this machine where it was not, as ``export`` does; its own answers stand for labels."""
    if bundle.read_bundle_manifest(target).tuning is None:
        predictor = load(target)
        examples = [Example(text, entities=predictor(text).entities) for text in texts[-TUNED_TEXTS:]]
        tune(target, examples, max_drop=1.0)
    return target


def make_int8_bundle(bundle_folder: Path, texts: list[str]) -> Path:
    """An int8 bundle beside `bundle_folder`, of the same checkpoint; its weights are random, so any score will do."""
    target = bundle_folder.with_name("bundle-int8")
    if not bundle.is_bundle(target):
        examples = [Example(text, entities=()) for text in texts[-200:]]
        options = Options(
            precision="int8", allow_slower=True, max_drop=1.0, max_label_drop=1.0, plans=[Plan(algorithm="abs_max")]
        )
        compress(bundle_folder.with_name("checkpoint"), target, examples, examples[:20], options)
    return measured(target, texts)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--texts and --folder, the same for every benchmark."""
    root = os.environ.get("PADDLE_NER_DATA", "")
    parser.add_argument(
        "--texts",
        type=Path,
        default=Path(root) / "msra" / "test.char.bmes",
        help="a labelled file: its texts are sent, its characters are the vocabulary (default: MSRA's test set)",
    )
    parser.add_argument(
        "--folder", type=Path, default=Path("runs/benchmarks"), help="where models are kept between runs"
    )


def read_texts(path: Path) -> list[str]:
    """The texts of a labelled file; an exit that says what to do where there is none."""
    if not path.is_file():
        raise SystemExit(f"{path}: no such file; set PADDLE_NER_DATA to the folder of the public sets, or give --texts")
    return [example.text for example in data.read(path)]
