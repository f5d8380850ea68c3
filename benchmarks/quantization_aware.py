"""Whether training with quantization noise keeps more of a checkpoint at int8 than post-training quantization alone.

``python benchmarks/quantization_aware.py CHECKPOINT`` [--updates 300] [--rate 5e-5] [--seeds 1] [--folder DIR]
[--threads 2] [--json].

Three arms: the checkpoint; the checkpoint trained on as usual; and trained on in the same way, same batches and same
dropout, with the weights and inputs of every linear layer rounded to int8 in each update, by PaddleSlim's QAT. The
weights of each arm are then exported, quantized after training with the same plans, and scored on the dev set of the
config through the int8 engine. Without the second arm, what more training alone does would be counted for the noise.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.bundle import load_tokenizer, read_checkpoint_manifest, verify
from paddle_ner.bundle.compression import Plan
from paddle_ner.compression.quantization import calibration
from paddle_ner.compression.quantization.quantizer import Quantizer
from paddle_ner.compression.quantization.worker import GRAPH, WEIGHTS
from paddle_ner.evaluation.score import score
from paddle_ner.evaluation.tuning.timing import spread
from paddle_ner.export import export
from paddle_ner.inference.engines import EngineOptions, Precision
from paddle_ner.inference.engines.open import open_engine
from paddle_ner.inference.predictor import Predictor
from paddle_ner.machine import cpu_name, usable_cores
from paddle_ner.modeling import Checkpoint
from paddle_ner.tasks import Task
from paddle_ner.training.batches import Features, collate, encode
from paddle_ner.training.corpus import Corpus, config_of, read_corpus
from paddle_ner.training.sampling import BucketSampler

# What each arm is quantized with afterwards; PaddleSlim's algorithms differ in the thresholds of activations.
PLANS = (Plan(), Plan(algorithm="abs_max"), Plan(granularity="channel"))
CALIBRATION_TEXTS = 2000
WARMUP, WEIGHT_DECAY, MAX_GRADIENT_NORM = 0.1, 0.01, 1.0
QUANTIZING_SECONDS = 600.0
RESAMPLES = 2000
PROGRESS = 50  # updates between two lines


@dataclass(frozen=True, slots=True)
class Training:
    """How the two trained arms are trained; the rate rises over `WARMUP` of the updates and falls to zero."""

    updates: int
    batch_size: int
    rate: float


@dataclass(frozen=True, slots=True)
class Result:
    """An arm, measured.

    Attributes:
        scores: of the dev set, from 0 to 1, by precision and plan.
        counts: of each dev example, [examples, …], for the int8 plan that scores best.
    """

    scores: dict[str, float]
    counts: NDArray[np.int64]

    @property
    def int8(self) -> float:
        """The best score of the int8 plans."""
        return max(value for name, value in self.scores.items() if name != "fp32")


def add_noise(model: Any) -> None:
    """Wrap the linear layers of `model` with PaddleSlim's QAT, which rounds weights and inputs to int8.

    The parameters stay the objects that they are, under longer names. PaddleSlim 2.6.0 also wraps what it wraps, and
    this outer layer has no `weight`, which PaddleNLP's ERNIE reads of its pooler to learn the type of numbers.
    """
    from paddle.nn.quant.quant_layers import MAOutputScaleLayer
    from paddleslim.dygraph.quant import QAT

    QAT({"weight_quantize_type": "abs_max", "quantizable_layer_type": ["Linear"]}).quantize(model)
    for layer in model.sublayers():
        if isinstance(layer, MAOutputScaleLayer):
            layer.weight = layer._layer.weight


def trained(
    checkpoint: Path, windows: Sequence[Features], training: Training, seed: int, noise: bool, target: Path
) -> float:
    """Train `checkpoint` on `windows` and write the checkpoint `target`. Gives the seconds that it took."""
    import paddle

    start = Checkpoint.open(checkpoint)
    task, window = start.task, start.manifest.window
    model = start.new_model()
    parameters = dict(model.named_parameters())  # by the names of the checkpoint, which the noise would change
    if noise:
        add_noise(model)
    warmup = max(1, round(WARMUP * training.updates))
    falling = paddle.optimizer.lr.PolynomialDecay(training.rate, training.updates - warmup, end_lr=0.0)
    rate = paddle.optimizer.lr.LinearWarmup(falling, warmup, 0.0, training.rate)
    optimizer = paddle.optimizer.AdamW(
        learning_rate=rate,
        parameters=list(parameters.values()),
        weight_decay=WEIGHT_DECAY,
        grad_clip=paddle.nn.ClipGradByGlobalNorm(MAX_GRADIENT_NORM),
    )
    model.train()
    started = time.monotonic()
    for update, batch in enumerate(batches(windows, task, start.tokenizer.pad_id, window.size, training, seed)):
        paddle.seed(seed * 1_000_003 + update)  # the same dropout in both arms
        tensors = {name: paddle.to_tensor(values) for name, values in batch.items()}
        outputs = model(input_ids=tensors["input_ids"], token_type_ids=tensors["token_type_ids"])
        loss = task.learning.loss_sum(outputs, tensors["labels"]) / max(1, int(batch["counts"].sum()))
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        rate.step()
        if (update + 1) % PROGRESS == 0:
            print(f"{target}: {update + 1} of {training.updates} updates", file=sys.stderr)
    seconds = time.monotonic() - started
    weights = {name: parameter.numpy() for name, parameter in parameters.items()}
    record = {"name": "quantization-aware" if noise else "trained-on", "updates": training.updates, "seed": seed}
    start.changed(weights=weights).transformed(record, same_answers=False).write(target)
    return seconds


def batches(
    windows: Sequence[Features], task: Task, pad_id: int, limit: int, training: Training, seed: int
) -> Iterator[Mapping[str, NDArray[Any]]]:
    """`training.updates` batches of like length, in an order that `seed` gives."""
    sampler = BucketSampler([len(window.ids) for window in windows], training.batch_size, bucket=True, seed=seed)
    left = training.updates
    while left:
        for indices in list(sampler)[:left]:
            yield collate([windows[index] for index in indices], task, pad_id, limit)
            left -= 1
        sampler.set_epoch(sampler.epoch + 1)


def measured(checkpoint: Path, corpus: Corpus, work: Path, threads: int) -> Result:
    """Score `checkpoint` at fp32 and with each of `PLANS` at int8, through the engines that serve them."""
    work.mkdir(parents=True, exist_ok=True)
    tokenizer, manifest = load_tokenizer(checkpoint), read_checkpoint_manifest(checkpoint)
    bundle = export(checkpoint, work / "bundle").bundle
    manifest = verify(bundle)

    def counts(folder: Path, precision: Precision) -> NDArray[np.int64]:
        changes = {"precision": precision, "graph": GRAPH, "weights": WEIGHTS} if precision == "int8" else {}
        options = EngineOptions("paddle", "cpu", precision, threads)
        engine = open_engine(folder, manifest.model_copy(update=changes), options)
        _, predictions = score(Predictor(manifest, tokenizer, engine), corpus.dev)
        pairs = zip(corpus.dev, predictions, strict=True)
        return np.stack([corpus.task.scoring.count([example], [prediction]) for example, prediction in pairs])

    counted = {"fp32": counts(bundle, "fp32")}
    texts = spread([example.text for example in corpus.train], CALIBRATION_TEXTS)
    with Quantizer(checkpoint, work) as quantizer:
        for number, plan in enumerate(PLANS):
            np.savez(work / "batches.npz", *calibration.batches(texts, tokenizer, manifest.window, plan.windows))
            quantizer.quantize(plan, work / "batches.npz", work / f"int8-{number}", QUANTIZING_SECONDS)
            counted[str(plan)] = counts(work / f"int8-{number}", "int8")
    scores = {name: value_of(corpus.task, values) for name, values in counted.items()}
    best = max((name for name in counted if name != "fp32"), key=lambda name: scores[name])
    return Result(scores, counted[best])


def value_of(task: Task, counts: NDArray[np.int64]) -> float:
    """The task's metric from the counts of each example."""
    return task.scoring.report(counts.sum(axis=0), len(counts)).value


def interval(task: Task, one: NDArray[np.int64], other: NDArray[np.int64]) -> tuple[float, float]:
    """The middle 95% of how far `one` is above `other` when the dev examples are drawn anew, with replacement."""
    random = np.random.default_rng(0)
    draws = random.integers(len(one), size=(RESAMPLES, len(one)))
    low, high = np.percentile([value_of(task, one[draw]) - value_of(task, other[draw]) for draw in draws], [2.5, 97.5])
    return float(low), float(high)


def main() -> None:
    """Train, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--updates", type=int, default=300)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--folder", type=Path, default=Path("runs/benchmarks/quantization-aware"))
    parser.add_argument("--threads", type=int, default=usable_cores(), help="of the engine that scores")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    manifest = read_checkpoint_manifest(options.checkpoint)
    corpus = read_corpus(config_of(options.checkpoint, manifest))
    windows, _ = encode(corpus.train, corpus.task, load_tokenizer(options.checkpoint), manifest.window)
    training = Training(options.updates, options.batch_size, options.rate)
    report: dict[str, Any] = {"cpu": cpu_name(), "cores": usable_cores(), "examples": len(corpus.dev), "runs": []}
    report["checkpoint"] = measured(options.checkpoint, corpus, options.folder / "checkpoint", options.threads).scores
    show(options.json, f"{report['cpu']}, {report['cores']} cores, {len(corpus.dev):,} dev examples")
    show(options.json, f"{'':28} {'fp32':>6} " + " ".join(f"{plan!s:>34}" for plan in PLANS))
    show(options.json, row("checkpoint", report["checkpoint"]))
    for seed in options.seeds:
        results, seconds = {}, {}
        for name, noise in (("trained on", False), ("trained on with noise", True)):
            folder = options.folder / f"{name.replace(' ', '-')}-{seed}"
            seconds[name] = trained(options.checkpoint, windows, training, seed, noise, folder / "checkpoint")
            results[name] = measured(folder / "checkpoint", corpus, folder, options.threads)
            show(options.json, row(f"{name}, seed {seed}", results[name].scores) + f"  {seconds[name]:.0f} s")
        plain, noisy = results.values()
        difference = noisy.int8 - plain.int8
        low, high = interval(corpus.task, noisy.counts, plain.counts)
        scores = {name: result.scores for name, result in results.items()}
        report["runs"].append(
            {"seed": seed, "scores": scores, "seconds": seconds, "difference": difference, "interval": [low, high]}
        )
        text = f"int8 with noise - without: {100 * difference:+.2f} points, 95% {100 * low:+.2f} to {100 * high:+.2f}"
        show(options.json, text)
    if options.json:
        print(json.dumps(report))


def row(name: str, scores: dict[str, float]) -> str:
    """A line of the table."""
    return f"{name:28} {100 * scores['fp32']:6.2f} " + " ".join(f"{100 * scores[str(plan)]:34.2f}" for plan in PLANS)


def show(as_json: bool, line: str) -> None:
    """Print a line of the table, unless JSON was asked for."""
    if not as_json:
        print(line, flush=True)


if __name__ == "__main__":
    main()
