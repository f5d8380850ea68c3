"""Paddle Inference: oneDNN on CPU, CUDA on GPU."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.bundle import Manifest
from paddle_ner.environment import require
from paddle_ner.errors import BundleError, DeviceError
from paddle_ner.inference.engines import EngineInfo, EngineOptions

# oneDNN keeps one primitive an input shape; without a cap, texts of every length grow memory without bound.
_PRIMITIVE_CACHE = 10


class PaddleEngine:
    """A bundle's graph in Paddle Inference. Not safe to share between threads.

    Args:
        folder: a verified bundle.
        manifest: its manifest.
        options: of the engine.
    """

    def __init__(self, folder: Path, manifest: Manifest, options: EngineOptions) -> None:
        device, threads = options.device, options.threads or len(os.sched_getaffinity(0))
        require("paddle", needed_for="running a bundle")
        with warnings.catch_warnings():
            # Paddle warns at import that ccache, which only building its extensions would use, is absent.
            warnings.simplefilter("ignore")
            from paddle import inference, is_compiled_with_cuda
            from paddle.device.cuda import device_count

        config = inference.Config(str(folder / manifest.graph), str(folder / manifest.weights))
        new_ir = manifest.graph.endswith(".json")
        config.enable_new_ir(new_ir)
        config.enable_new_executor(new_ir)
        config.switch_ir_optim(True)
        config.disable_glog_info()
        kind, _, number = device.partition(":")
        if kind == "gpu":
            if not is_compiled_with_cuda():
                raise DeviceError("device gpu: this build of PaddlePaddle has no CUDA; install 'paddle-ner[gpu]'")
            if number and not number.isdigit():
                raise DeviceError(f"device {device!r} is unknown, expected cpu, gpu or gpu:N")
            if int(number or 0) >= device_count():
                raise DeviceError(f"device {device}: this machine shows {device_count()} GPUs")
            config.enable_use_gpu(256, int(number or 0))
        elif kind == "cpu":
            config.disable_gpu()
            config.set_cpu_math_library_num_threads(threads)
            config.enable_mkldnn()
            config.set_mkldnn_cache_capacity(_PRIMITIVE_CACHE)
        else:
            raise DeviceError(f"device {device!r} is unknown, expected cpu, gpu or gpu:N")
        self.info = EngineInfo("paddle", device, "fp32", threads if kind == "cpu" else None)
        self._attach(inference.create_predictor(config))
        names = list(self._inputs)
        if sorted(names) != sorted(manifest.inputs):
            raise BundleError(
                f"{folder / manifest.graph}: its inputs are {', '.join(names)}, but the manifest names"
                f" {', '.join(manifest.inputs)}"
            )

    def _attach(self, predictor: Any) -> None:
        self._predictor = predictor
        self._inputs = {name: predictor.get_input_handle(name) for name in predictor.get_input_names()}
        self._output = predictor.get_output_handle(predictor.get_output_names()[0])

    def clone(self) -> PaddleEngine:
        """Another engine over the same weights, for another thread."""
        twin = object.__new__(PaddleEngine)
        twin.info = self.info
        twin._attach(self._predictor.clone())
        return twin

    def run(self, input_ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits, float32 of shape [batch, length, outputs] or [batch, outputs]."""
        for name, handle in self._inputs.items():
            values = input_ids if name == "input_ids" else np.zeros_like(input_ids)
            handle.reshape(values.shape)
            handle.copy_from_cpu(values)
        self._predictor.run()
        return np.asarray(self._output.copy_to_cpu())
