"""A small model that needs its attention, trained here: what wipes attention out shows in its score."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from paddle_ner import data, tasks
from paddle_ner.bundle import Manifest, WindowSpec
from paddle_ner.config import parse
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.types import Entity, Example

ENCODER = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
UPDATES, BATCH, RATE = 400, 16, 0.01


def sentences(count: int, seed: int) -> list[Example]:
    """The first character says what the name at the end is, among others that look the same.

    Nobody can know without attention that tells them apart: the mean over all characters says nothing.
    """
    draw = random.Random(seed)
    examples = []
    for _ in range(count):
        key = draw.choice("甲乙")
        text = key + "".join(draw.choices("甲乙天地", k=draw.randint(2, 14))) + "王明。"
        entity = Entity.of(text, len(text) - 3, len(text) - 1, "PER" if key == "甲" else "LOC")
        examples.append(Example(text, entities=(entity,)))
    return examples


def make_checkpoint(folder: Path, training: list[Example], dev: list[Example]) -> Path:
    """A trained checkpoint whose config names the data, which stand in `folder` too."""
    import paddle

    from paddle_ner.modeling import build, write_checkpoint
    from paddle_ner.training import batches

    data.write(folder / "train.jsonl", training)
    data.write(folder / "dev.jsonl", dev)
    sets = {"root": str(folder), "train": "train.jsonl", "dev": "dev.jsonl"}
    config = parse(
        {"name": "attentive", "task": {"type": "ner"}, "data": sets, "model": {"encoder": ENCODER}}, "config"
    )
    task, window = tasks.create("ner", ["PER", "LOC"]), WindowSpec(size=24, overlap=6)
    tokenizer = Tokenizer.characters([example.text for example in training])
    paddle.seed(1)
    model = build(
        task.head,
        task.num_outputs,
        config={**ENCODER, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "initializer_range": 0.1},
        vocab_size=tokenizer.vocabulary_size,
        pad_token_id=tokenizer.pad_id,
    )
    rows, _ = batches.encode(training, task, tokenizer, window)
    schedule = paddle.optimizer.lr.LinearWarmup(
        paddle.optimizer.lr.PolynomialDecay(RATE, UPDATES, end_lr=0.0), UPDATES // 10, 0.0, RATE
    )
    clip = paddle.nn.ClipGradByGlobalNorm(1.0)
    optimizer = paddle.optimizer.AdamW(schedule, parameters=model.parameters(), grad_clip=clip)
    draw = np.random.default_rng(1)
    model.train()
    for _ in range(UPDATES):
        chosen = [rows[index] for index in draw.integers(len(rows), size=BATCH)]
        batch = batches.collate(chosen, task, tokenizer.pad_id, window.size)
        outputs = model(input_ids=paddle.to_tensor(batch["input_ids"]))
        loss = task.learning.loss_sum(outputs, paddle.to_tensor(batch["labels"])) / int(batch["counts"].sum())
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        schedule.step()
    manifest = Manifest(name="attentive", task=task.spec(), window=window, config=config.model_dump(mode="json"))
    write_checkpoint(folder / "checkpoint", model, tokenizer, manifest)
    return folder / "checkpoint"
