"""Every engine and precision side by side at 8 x 128 tokens, in turns in one run, with how far each agrees with fp32.

``python benchmarks/compression.py`` [--folder DIR] [--texts FILE] [--shape NAME] [--threads 2] [--json]. Paddle
Inference at fp32, bf16 (where the CPU has it) and int8; ONNX Runtime at fp32, at int8 with the very scales that Paddle
runs with, and at int8 as its own dynamic quantization makes it, which is what one gets without a calibration. The
tokens are those of real texts; the weights are random, so the agreement is that of a hard case: no logit leads by much.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import models
import numpy as np
from engine import LENGTH, ROUNDS, ROWS, median_milliseconds
from numpy.typing import NDArray

from paddle_ner import startup
from paddle_ner.bundle import BundleManifest, OnnxGraph, WindowSpec, load_tokenizer, read_checkpoint_manifest, verify
from paddle_ner.bundle.compression import Plan
from paddle_ner.bundle.scales import FILE as SCALES
from paddle_ner.bundle.scales import read_scales
from paddle_ner.compression.quantization.calibration import batches
from paddle_ner.compression.quantization.quantizer import Quantizer
from paddle_ner.compression.quantization.worker import GRAPH, WEIGHTS
from paddle_ner.export.onnx import kernels, products, qdq
from paddle_ner.features import windows
from paddle_ner.inference.engines import Engine, EngineOptions
from paddle_ner.inference.engines.open import open_engine
from paddle_ner.machine import BF16_FLAGS, cpu_flags, cpu_name, usable_cores

QUANTIZING_SECONDS = 600.0


def token_rows(folder: Path, texts: list[str]) -> NDArray[np.int64]:
    """`ROWS` full windows of the texts, of `LENGTH` tokens each."""
    tokenizer = load_tokenizer(folder)
    found = windows.encode("".join(texts[-200:]), tokenizer, WindowSpec(size=LENGTH, overlap=0)).windows
    return np.array([row.ids for row in found if row.length == LENGTH][:ROWS], dtype=np.int64)


def engines(bundle: Path, checkpoint: Path, texts: list[str], threads: int, work: Path) -> dict[str, Engine]:
    """All of them by name, over the same checkpoint; the int8 files are kept in `work` for the next run."""
    manifest = verify(bundle)
    found = {"Paddle fp32": open_engine(bundle, manifest, EngineOptions("paddle", "cpu", "fp32", threads))}
    if cpu_flags() & BF16_FLAGS:
        found["Paddle bf16"] = open_engine(bundle, manifest, EngineOptions("paddle", "cpu", "bf16", threads))

    exact = bundle / manifest.onnx_files["fp32"]
    int8, static, dynamic = work / "int8", work / "static.onnx", work / "dynamic.onnx"
    if not dynamic.is_file():
        quantize(checkpoint, texts, work)
        qdq.quantize(exact, read_scales(int8 / SCALES), static)
        quantize_dynamically(exact, dynamic)
    kernels.require_int8(static, products.count(exact))
    changes = {"precision": "int8", "graph": GRAPH, "weights": WEIGHTS}
    options = EngineOptions("paddle", "cpu", "int8", threads)
    found["Paddle int8"] = open_engine(int8, manifest.model_copy(update=changes), options)
    found["ONNX Runtime fp32"] = open_engine(bundle, manifest, EngineOptions("onnxruntime", "cpu", "fp32", threads))
    found["ONNX Runtime int8"] = onnx_engine(static, manifest, threads)
    found["ONNX Runtime dynamic int8"] = onnx_engine(dynamic, manifest, threads)
    return found


def quantize(checkpoint: Path, texts: list[str], work: Path) -> None:
    """Write the int8 graph for Paddle, and the scales that it was made with, to `work`/int8."""
    manifest, plan = read_checkpoint_manifest(checkpoint), Plan()
    work.mkdir(parents=True, exist_ok=True)
    np.savez(work / "batches.npz", *batches(texts, load_tokenizer(checkpoint), manifest.window, plan.windows))
    with Quantizer(checkpoint, work) as quantizer:
        quantizer.quantize(plan, work / "batches.npz", work / "int8", QUANTIZING_SECONDS)


def onnx_engine(path: Path, manifest: BundleManifest, threads: int) -> Engine:
    """ONNX Runtime over an int8 file that stands alone."""
    graph = OnnxGraph(file=path.name, opset=0, runtime="", matmuls=0)
    alone = manifest.model_copy(update={"onnx": {"int8": graph}})
    return open_engine(path.parent, alone, EngineOptions("onnxruntime", "cpu", "int8", threads))


def quantize_dynamically(source: Path, target: Path) -> None:
    """ONNX Runtime's own: weights as int8, activations by what each batch holds."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(str(source), str(target), weight_type=QuantType.QInt8)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    models.add_arguments(parser)
    parser.add_argument("--shape", choices=[*models.SHAPES], action="append", help="may be repeated; all by default")
    parser.add_argument("--threads", type=int, default=min(2, usable_cores()))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    startup.restart_with(startup.ENGINES)
    texts = models.read_texts(options.texts)
    report: dict[str, Any] = {"cpu": cpu_name(), "threads": options.threads, "rows": ROWS, "length": LENGTH}
    shapes = options.shape or [*models.SHAPES]
    for shape in shapes:
        bundle = models.make_bundle(shape, texts, options.folder / shape)
        ids = token_rows(bundle, texts)
        work = options.folder / shape / "int8"
        found = engines(bundle, bundle.parent / "checkpoint", texts, options.threads, work)
        runs: dict[str, Callable[[], object]] = {name: partial(engine.run, ids) for name, engine in found.items()}
        milliseconds = median_milliseconds(runs)
        tags = {name: engine.run(ids)["logits"].argmax(axis=-1) for name, engine in found.items()}
        report[shape] = {
            name: {
                "milliseconds": milliseconds[name],
                "speedup": milliseconds["Paddle fp32"] / milliseconds[name],
                "agreement": float((tags[name] == tags["Paddle fp32"]).mean()),
            }
            for name in found
        }
    if options.json:
        print(json.dumps(report))
        return
    print(f"{report['cpu']}, {options.threads} threads, {ROWS} x {LENGTH} tokens, medians of {ROUNDS}")
    for shape in shapes:
        for name, one in report[shape].items():
            print(
                f"{shape:7} {name:26} {one['milliseconds']:7.1f} ms  {one['speedup']:5.2f} x fp32,"
                f" tags agree {100 * one['agreement']:.2f}%"
            )


if __name__ == "__main__":
    main()
