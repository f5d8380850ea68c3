"""An encoder that reads pieces of words, with the head ``sequence-mean``, from its folder to a device."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest
from numpy.typing import NDArray

import paddle_ner
from paddle_ner import data, modeling, tasks
from paddle_ner.bundle import Manifest, WindowSpec
from paddle_ner.config import Config, parse
from paddle_ner.config.models import ModelConfig
from paddle_ner.errors import InputError
from paddle_ner.export import export
from paddle_ner.export.edge import write_edge
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.training import train
from paddle_ner.training.jobs.supervised import build_model
from paddle_ner.types import Example
from tests.integration.edge_folders import run_script
from tests.integration.onnx_scales import observed_scales

for package in ("paddlenlp", "paddle2onnx", "onnxruntime", "openvino"):
    pytest.importorskip(package)

WORDS = {"体育": ("足球", "冠军", "比赛"), "财经": ("股票", "银行", "利率"), "天气": ("下雨", "降温", "台风")}
TASK = tasks.create("classification", sorted(WORDS))
PIECES = [
    "▁",
    *"今天的消息,足球冠军比赛股票银行利率下雨降温台风",
    "今天",
    *(word for all in WORDS.values() for word in all),
]


def examples(count: int, seed: int) -> list[Example]:
    """Texts of one word of a class, which any number of other words surround."""
    draw = random.Random(seed)
    found = []
    for _ in range(count):
        label = draw.choice(sorted(WORDS))
        before, behind = ("今天的消息," * draw.randint(0, 3) for _ in range(2))
        found.append(Example(f"{before}{draw.choice(WORDS[label])}{behind}", label=label))
    return found


def config_of(folder: Path) -> Config:
    return parse(
        {
            "name": "mean",
            "task": {"type": "classification"},
            "data": {"root": str(folder), "train": "train.jsonl", "dev": "dev.jsonl"},
            "model": {"pretrained": str(folder / "encoder"), "head": "sequence-mean"},
            "window": {"size": 32, "overlap": 8},
            "training": {"epochs": 12, "batch_size": 16, "learning_rate": 0.005},
        },
        "config",
    )


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``encoder`` with a Unigram vocabulary, ``run/checkpoint`` that starts from it, ``bundle`` and ``edge``."""
    folder = tmp_path_factory.mktemp("mean")
    tokenizer = Tokenizer.unigram({piece: -8.0 if len(piece) == 1 else -9.0 for piece in dict.fromkeys(PIECES)})
    paddle.seed(5)
    encoder: dict[str, float] = {
        "hidden_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 64,
    }
    encoder |= {"initializer_range": 0.1, "hidden_dropout_prob": 0.0, "max_position_embeddings": 40}
    model = modeling.build(
        "sequence-mean",
        TASK.num_outputs,
        config=encoder,
        vocab_size=tokenizer.vocabulary_size,
        pad_token_id=tokenizer.pad_id,
    )
    manifest = Manifest(name="mean", task=TASK.spec(), window=WindowSpec(size=32, overlap=8))
    modeling.write_checkpoint(folder / "encoder", model, tokenizer, manifest)
    dev = examples(40, seed=2)
    data.write(folder / "train.jsonl", examples(200, seed=1))
    data.write(folder / "dev.jsonl", dev)
    checkpoint = train(config_of(folder), folder / "run").checkpoint
    export(checkpoint, folder / "exact", onnx=True)
    predictor = paddle_ner.load(folder / "exact")
    rows = [np.array([row.ids]) for example in dev for row in predictor.encode(example.text).windows]
    scales = observed_scales(folder / "exact" / "model.onnx", rows)
    export(checkpoint, folder / "bundle", onnx=True, scales=scales, examples=dev, max_drop=0.02)
    write_edge(checkpoint, folder / "edge", [one.text for one in dev], scales=scales, examples=dev, max_drop=0.02)
    return folder


def scores(model: Path, **options: Any) -> NDArray[Any]:
    """[texts, classes], of texts of many lengths, which stand in one batch."""
    texts = ["", *(one.text for one in examples(30, seed=3)), "今天下雨," * 30]
    answers = paddle_ner.load(model, **options)(texts)
    return np.array([[(answer.scores or {})[label] for label in sorted(WORDS)] for answer in answers])


def test_it_learns_with_the_tokens_of_the_folder(work: Path) -> None:
    checkpoint = modeling.Checkpoint.open(work / "run" / "checkpoint")
    assert checkpoint.manifest.metrics["dev"]["value"] > 0.9
    assert checkpoint.head.name == "sequence-mean" and checkpoint.tokenizer.is_unigram
    words = checkpoint.tokenizer.vocabulary
    assert [*checkpoint.tokenizer.encode("今天下雨").ids] == [words["▁"], words["今天"], words["下雨"]]


@pytest.mark.parametrize("engine", ["paddle", "onnxruntime", "openvino"])
def test_every_engine_answers_as_the_checkpoint(work: Path, engine: str) -> None:
    expected = scores(work / "run" / "checkpoint")
    np.testing.assert_allclose(scores(work / "bundle", engine=engine, precision="fp32"), expected, atol=1e-5)


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_int8_answers_nearly_so(work: Path, engine: str) -> None:
    expected = scores(work / "run" / "checkpoint")
    np.testing.assert_allclose(scores(work / "bundle", engine=engine, precision="int8"), expected, atol=0.1)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_device_answers_as_the_checkpoint(work: Path, precision: str) -> None:
    texts = [one.text for one in examples(30, seed=3)]
    given = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    done = run_script(work / "edge", "run.py", "predict", "--precision", precision, given=given)
    assert done.returncode == 0, done.stderr
    found = [json.loads(line)["label"] for line in done.stdout.splitlines()]
    assert found == [answer.label for answer in paddle_ner.load(work / "run" / "checkpoint")(texts)]


def test_entities_are_not_learned_with_such_tokens(work: Path) -> None:
    config = config_of(work).model_copy(update={"model": ModelConfig(pretrained=str(work / "encoder"))})
    message = (
        f"model.pretrained: {work}/encoder reads words as its tokens, in which borders of entities would be lost: "
    )
    with pytest.raises(InputError, match=f"^{message}for task ner take starter or starter-large$"):
        build_model(config, tasks.create("ner", ["PER"]), [], print)
