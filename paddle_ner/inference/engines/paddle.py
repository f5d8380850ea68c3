"""Paddle Inference: oneDNN on CPU; CUDA and TensorRT on GPU."""

from __future__ import annotations

import copy
import os
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.bundle import BundleManifest
from paddle_ner.environment import PACKAGES
from paddle_ner.errors import DeviceError
from paddle_ner.inference.engines import (
    EngineDescription,
    EngineInfo,
    EngineOptions,
    check_inputs,
    check_outputs,
    feed,
)
from paddle_ner.inference.engines.quiet import without_pass_statistics

# Paddle can cache what it prepares for oneDNN by input shape, including the weights in oneDNN's order, for a limited
# number of shapes. That is slow if shapes change often (it prepares again) and large if they do not: with 10, batches
# of mixed shapes were a third slower; with 100, a small model took 1.8 GB. 0 keeps it once for all shapes. What oneDNN
# itself caches by shape is limited, since the shapes are: `planning.LENGTHS` by `planning.ROWS` within the budget, 128.
_BY_SHAPE = 0
_GPU_POOL_MB = 256
# Paddle passes every tensor that is no longer needed to a thread that frees it, and waking that thread costs as much as
# a small operation. With this many bytes freed at a time small batches take a fifth less time; more would not fit into
# the caches.
_FREED_AT_A_TIME = 8 << 20
_FREE_FLAG = "FLAGS_eager_delete_tensor_gb"
# Int8 only for the layers with weights, unless a bundle says otherwise: PaddleSlim also records a scale for the
# addition of the attention mask, and one step of that scale wipes attention out.
_INT8_OPERATIONS = ("fc",)


class PaddleEngine:
    """A bundle's graph in Paddle Inference. Not safe to share between threads.

    Args:
        folder: a verified bundle.
        manifest: its manifest.
        options: the options of the engine, with every choice resolved (see `open_engine`).
        files: graph and weights; None takes the bundle's.

    Raises:
        DeviceError: the device is not available.
        BundleError: the graph's inputs or outputs are not those of the manifest.
    """

    def __init__(
        self,
        folder: Path,
        manifest: BundleManifest,
        options: EngineOptions,
        files: tuple[Path, Path] | None = None,
    ) -> None:
        with warnings.catch_warnings():
            # Paddle warns at import if ccache is missing, which only a build of its extensions would use.
            warnings.simplefilter("ignore")
            from paddle import inference, set_flags
        if options.device == "cpu" and _FREE_FLAG not in os.environ:
            set_flags({_FREE_FLAG: _FREED_AT_A_TIME / 2**30})

        graph, weights = files or (folder / manifest.graph, folder / manifest.weights)
        config = inference.Config(str(graph), str(weights))
        operations = manifest.compression.operations if manifest.compression is not None else _INT8_OPERATIONS
        configure(config, inference.PrecisionType, options, graph.suffix == ".json", operations)
        self._names = manifest.outputs
        self.info = EngineInfo(options.engine, options.device, options.precision, options.threads)
        # Of this engine and all its clones, which must be destroyed together: over a graph of the old kind, such as
        # int8 graphs, the first to be destroyed takes shared memory from the others ("Tensor holds no memory").
        self._family: list[Any] = []
        with without_pass_statistics() if options.precision == "int8" else nullcontext():
            self._attach(inference.create_predictor(config))
        check_inputs(graph, self._inputs, manifest)
        check_outputs(graph, len(self._outputs), manifest)

    def _attach(self, predictor: Any) -> None:
        self._predictor = predictor
        self._family.append(predictor)
        self._shapes: dict[str, tuple[int, int]] = {}
        self._inputs = {name: predictor.get_input_handle(name) for name in predictor.get_input_names()}
        self._outputs = [predictor.get_output_handle(name) for name in predictor.get_output_names()]

    def clone(self) -> PaddleEngine:
        """Another engine over the same weights, for another thread."""
        twin = copy.copy(self)
        twin._attach(self._predictor.clone())
        return twin

    def run(self, input_ids: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        """The outputs by name; see `Engine`."""
        rows, length = input_ids.shape
        if self.info.device == "cpu" and (added := self._distinct(rows, length) - rows):
            input_ids = np.concatenate([input_ids, np.repeat(input_ids[-1:], added, axis=0)])
        for name, values in feed(self._inputs, input_ids).items():
            self._inputs[name].reshape(values.shape)
            self._inputs[name].copy_from_cpu(values)
        self._predictor.run()
        return {
            name: np.asarray(output.copy_to_cpu())[:rows]
            for name, output in zip(self._names, self._outputs, strict=True)
        }

    def _distinct(self, rows: int, length: int) -> int:
        """A number of windows, at least `rows`, with which Paddle does not confuse the shape with an earlier one.

        Its cache for oneDNN uses the digits of a shape as the key, without separators between the numbers: after 24
        windows of 8 tokens, 2 windows of 48 fail ("could not reshape a memory descriptor").
        """
        while self._shapes.setdefault(f"{rows}{length}", (rows, length)) != (rows, length):
            rows += 1
        return rows


def configure(
    config: Any,
    precision_type: Any,
    options: EngineOptions,
    new_ir: bool,
    int8_operations: Sequence[str] = _INT8_OPERATIONS,
) -> None:
    """Set a ``paddle.inference.Config`` to `options`.

    Args:
        config: to set.
        precision_type: ``paddle.inference.PrecisionType``.
        options: the options of the engine, with every choice resolved.
        new_ir: for graphs saved as json.
        int8_operations: types of operations to run in int8; none runs all that have scales.

    Raises:
        DeviceError: the device is not available.
    """
    config.enable_new_ir(new_ir)
    config.enable_new_executor(new_ir)
    config.switch_ir_optim(True)
    config.disable_glog_info()
    if options.device == "cpu":
        config.disable_gpu()
        config.set_cpu_math_library_num_threads(options.threads)
        config.enable_mkldnn()
        config.set_mkldnn_cache_capacity(_BY_SHAPE)
        if options.precision == "bf16":
            config.enable_mkldnn_bfloat16()
        elif options.precision == "int8":
            config.enable_mkldnn_int8(set(int8_operations))
        return
    number = check_gpu(options.device)
    # A graph that TensorRT has optimized has a fixed precision.
    half = options.precision == "fp16" and options.engine != "tensorrt"
    config.enable_use_gpu(_GPU_POOL_MB, number, precision_type.Half if half else precision_type.Float32)


def check_gpu(device: str) -> int:
    """The number of a GPU that this build and this machine can use. Raises DeviceError that says what is missing."""
    from paddle import is_compiled_with_cuda
    from paddle.device.cuda import device_count

    number = int(device.partition(":")[2] or 0)
    if not is_compiled_with_cuda():
        raise DeviceError(f"device {device}: this build of PaddlePaddle has no CUDA; install 'paddle-ner[gpu]'")
    if number >= device_count():
        raise DeviceError(f"device {device}: this machine shows {device_count()} GPUs")
    return number


ENGINE = EngineDescription(
    name="paddle",
    title="Paddle",
    package=PACKAGES["paddle"],
    graph="paddle",
    precisions={"cpu": ("fp32", "bf16", "int8"), "gpu": ("fp32", "fp16")},
    open=PaddleEngine,
)
