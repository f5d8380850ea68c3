"""PaddleSlim in a separate process: ``python -m paddle_ner.compression.quantization.worker CHECKPOINT FOLDER …``.

PaddleSlim's static quantization needs Paddle's old IR, which is chosen for a whole process when Paddle is imported. The
worker writes the checkpoint's fp32 graph to FOLDER/fp32 and says so; then it reads one job per line, a JSON object with
``plan``, ``batches`` (a .npz file) and ``target`` (a folder), and answers each with one line: ``{}`` or
``{"error": …}``. `paddle_ner.compression.quantization.quantizer` is the other end.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, cast

import numpy as np

from paddle_ner.bundle import Storage
from paddle_ner.bundle.compression import Plan
from paddle_ner.bundle.scales import FILE as SCALES
from paddle_ner.bundle.scales import write_scales
from paddle_ner.compression.quantization.program import PRODUCTS, Quantized
from paddle_ner.modeling import Checkpoint

GRAPH, WEIGHTS = "model.pdmodel", "model.pdiparams"  # their names by `save_graph` and PaddleSlim in the old IR
FP32 = "fp32"
_GRANULARITY = {"tensor": "abs_max", "channel": "channel_wise_abs_max"}


def quantize(fp32: Path, plan: Plan, batches: Path, target: Path) -> None:
    """Write the quantized graph, its weights and quantization.json to `target`."""
    import paddle
    from paddleslim.quant import quant_post_static

    with np.load(batches) as archive:
        rows = [archive[name] for name in archive.files]

    def feed() -> Iterator[dict[str, Any]]:
        for ids in rows:
            yield {"input_ids": ids, "token_type_ids": np.zeros_like(ids)}

    executor = paddle.static.Executor(paddle.CPUPlace())
    observing = nullcontext() if plan.operations == "every" else _observing_inputs_alone()
    with paddle.static.scope_guard(paddle.static.Scope()), observing:
        quant_post_static(
            executor,
            model_dir=str(fp32),
            quantize_model_path=str(target),
            data_loader=feed,
            model_filename=GRAPH,
            params_filename=WEIGHTS,
            batch_nums=len(rows),
            algo=plan.algorithm,
            quantizable_op_type=list(PRODUCTS),
            weight_quantize_type=_GRANULARITY[plan.granularity],
            is_full_quantize=False,
            onnx_format=True,
        )
    with paddle.static.scope_guard(paddle.static.Scope()):
        original = _weights(paddle, fp32, executor)
    with paddle.static.scope_guard(paddle.static.Scope()):
        program, inputs, outputs = paddle.static.load_inference_model(str(target / "model"), executor)
        scope = paddle.static.global_scope()
        quantized = Quantized(program, {output.name for output in outputs})
        scales = quantized.scales(lambda name: np.array(scope.find_var(name).get_tensor()), original)
        if plan.operations != "every":
            quantized.keep(values=plan.operations == "values")
            block = program.global_block()
            paddle.static.save_inference_model(
                str(target / "model"),
                [block.var(name) for name in inputs],
                outputs,
                executor,
                program=program,
                clip_extra=True,
            )
    write_scales(target / SCALES, scales)


@contextmanager
def _observing_inputs_alone() -> Iterator[None]:
    """Make PaddleSlim skip the output of every operation of the graph.

    PaddleSlim 2.6.0 has no option for this. Observing them takes most of the time, for thresholds that are removed
    afterwards.
    """
    from paddle.static.quantization.quant_config import BaseQuantizer

    observed = BaseQuantizer.observer_operation_types
    BaseQuantizer.observer_operation_types = []
    try:
        yield
    finally:
        BaseQuantizer.observer_operation_types = observed


def _weights(paddle: Any, folder: Path, executor: Any) -> dict[str, Any]:
    """Weights of a saved graph by name."""
    program, _, _ = paddle.static.load_inference_model(str(folder / "model"), executor)
    scope = paddle.static.global_scope()
    names = [
        variable.name
        for variable in program.list_vars()
        if variable.persistable and variable.name not in ("feed", "fetch")
    ]
    return {name: np.array(scope.find_var(name).get_tensor()) for name in names}


def main(checkpoint: Path, folder: Path, embeddings: Storage) -> None:
    """Answer jobs until standard input ends."""
    # Paddle and PaddleSlim print to stdout: answers get their own channel, everything else goes to stderr.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    os.environ["FLAGS_enable_pir_api"] = "0"  # noqa: SIM112  # Paddle's own spelling
    import paddle

    from paddle_ner.export.embeddings import shrink_embeddings
    from paddle_ner.export.graph import save_graph

    (folder / FP32).mkdir(parents=True, exist_ok=True)
    model = Checkpoint.open(checkpoint).new_model()
    shrink_embeddings(model, embeddings)
    save_graph(model, folder / FP32)
    paddle.enable_static()
    answers.write("{}\n")
    for line in sys.stdin:
        job = json.loads(line)
        answer = {}
        try:
            plan, batches, target = Plan(**job["plan"]), Path(job["batches"]), Path(job["target"])
            quantize(folder / FP32, plan, batches, target)
        except Exception as error:  # any error of PaddleSlim only concerns this candidate
            answer = {"error": f"{type(error).__name__}: {' '.join(str(error).split())[-300:]}"}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), cast(Storage, sys.argv[3]))
