"""The engine alone: each precision at 8 x 128 tokens beside the matrix rate of this machine, all in turns in one run.

``python benchmarks/engine.py`` [--folder DIR] [--texts FILE] [--json]. The matrix rate is that of oneDNN on a
chain of matrix products of the model's own sizes with nothing between them: what an encoder would reach if attention,
normalization, activation and the conversions between them cost nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any, cast

import models
import numpy as np

from paddle_ner import startup
from paddle_ner.bundle import verify
from paddle_ner.evaluation.tuning.choice import engines_of
from paddle_ner.inference.engines import EngineOptions, Precision
from paddle_ner.inference.engines.open import open_engine
from paddle_ner.inference.engines.paddle import configure
from paddle_ner.machine import cpu_flags, cpu_name, usable_cores

ROWS, LENGTH, ROUNDS = 8, 128, 9
PRODUCTS = 24  # in the chain


def encoder_flops(shape: dict[str, int], rows: int, length: int) -> float:
    """Floating point operations of the encoder's matrix products, attention included."""
    hidden, inner, layers = shape["hidden_size"], shape["intermediate_size"], shape["num_hidden_layers"]
    weights = 4 * hidden * hidden + 2 * hidden * inner
    return layers * (2.0 * rows * length * weights + 4.0 * rows * length * length * hidden)


def matrix_chain(precision: Precision, threads: int, hidden: int, inner: int) -> tuple[Callable[[], None], float]:
    """A run of `PRODUCTS` matrix products hidden → inner → hidden … in Paddle Inference, and their operations."""
    import paddle
    from paddle import inference

    class Chain(paddle.nn.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            sizes = [hidden, inner] * (PRODUCTS // 2)
            layers = [paddle.nn.Linear(one, two) for one, two in zip(sizes, [*sizes[1:], hidden], strict=True)]
            self.layers = paddle.nn.LayerList(layers)

        def forward(self, x: Any) -> Any:
            for layer in self.layers:
                x = layer(x)
            return x

    with tempfile.TemporaryDirectory() as folder:
        spec = [paddle.static.InputSpec([None, hidden], "float32", name="x")]
        paddle.jit.save(paddle.jit.to_static(Chain(), input_spec=spec, full_graph=True), f"{folder}/chain")
        config = inference.Config(f"{folder}/chain.json", f"{folder}/chain.pdiparams")
        configure(config, None, EngineOptions(precision=precision, threads=threads), new_ir=True)
        predictor = inference.create_predictor(config)
    handle = predictor.get_input_handle("x")
    values = np.random.default_rng(0).standard_normal((ROWS * LENGTH, hidden)).astype("float32")
    handle.reshape(values.shape)
    handle.copy_from_cpu(values)
    return predictor.run, 2.0 * ROWS * LENGTH * hidden * inner * PRODUCTS


def median_milliseconds(runs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Of each, in turns, after one round to warm up."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(ROUNDS + 1):
        for name, run in runs.items():
            started = time.perf_counter()
            run()
            if turn:
                times[name].append(1000 * (time.perf_counter() - started))
    return {name: statistics.median(values) for name, values in times.items()}


def name(options: EngineOptions) -> str:
    """As it is shown."""
    return f"{options.engine} {options.precision}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    models.add_arguments(parser)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    startup.restart_with(startup.ENGINES)
    texts = models.read_texts(options.texts)
    threads = usable_cores()
    ids = np.random.default_rng(0).integers(5, 4000, (ROWS, LENGTH))
    report: dict[str, Any] = {"cpu": cpu_name(), "threads": threads}
    for shape, sizes in models.SHAPES.items():
        folder = models.make_bundle(shape, texts, options.folder / shape)
        manifest = verify(folder)
        runs: dict[str, Callable[[], object]] = {}
        operations: dict[str, float] = {}
        measured = engines_of(manifest, cpu_flags(), ["openvino"])
        for candidate in measured:
            engine = open_engine(folder, manifest, dataclasses.replace(candidate, threads=threads))
            runs[name(candidate)] = lambda engine=engine: engine.run(ids)  # type: ignore[misc]
            operations[name(candidate)] = encoder_flops(sizes, ROWS, LENGTH)
        for precision in dict.fromkeys(cast(Precision, candidate.precision) for candidate in measured):
            chain, flops = matrix_chain(precision, threads, sizes["hidden_size"], sizes["intermediate_size"])
            runs[f"{precision} matrices"], operations[f"{precision} matrices"] = chain, flops
        milliseconds = median_milliseconds(runs)
        rate = {title: operations[title] / milliseconds[title] / 1e6 for title in runs}
        report[shape] = {
            name(candidate): {
                "milliseconds": milliseconds[name(candidate)],
                "gflops": rate[name(candidate)],
                "matrix_gflops": rate[f"{candidate.precision} matrices"],
                "share": rate[name(candidate)] / rate[f"{candidate.precision} matrices"],
            }
            for candidate in measured
        }
    if options.json:
        print(json.dumps(report))
        return
    print(f"{report['cpu']}, {threads} threads, {ROWS} x {LENGTH} tokens, medians of {ROUNDS}")
    for shape in models.SHAPES:
        for title, figures in report[shape].items():
            print(
                f"{shape:7} {title:14} {figures['milliseconds']:7.1f} ms  {figures['gflops']:6.0f} GFLOP/s,"
                f" {100 * figures['share']:.0f}% of the {figures['matrix_gflops']:.0f} of bare matrix products"
            )


if __name__ == "__main__":
    main()
