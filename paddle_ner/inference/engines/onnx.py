"""ONNX Runtime over the graph that ``export --target onnx`` put into the bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.bundle import BundleManifest
from paddle_ner.environment import require
from paddle_ner.errors import DeviceError
from paddle_ner.inference.engines import AUTO, EngineInfo, EngineOptions, check_inputs, feed
from paddle_ner.machine import cpu_flags

VNNI_FLAGS = frozenset(("avx_vnni", "avx512_vnni", "amx_int8"))


class OnnxEngine:
    """A bundle's ONNX graph in ONNX Runtime.

    Args:
        folder: a verified bundle.
        manifest: its manifest.
        options: of the engine, every choice made (see `open_engine`).

    Raises:
        DeviceError: this build of ONNX Runtime cannot use the device.
        BundleError: the graph's inputs are not those of the manifest.
    """

    def __init__(self, folder: Path, manifest: BundleManifest, options: EngineOptions) -> None:
        require("onnxruntime", needed_for="the engine onnxruntime")
        import onnxruntime

        assert options.precision != AUTO
        path = folder / manifest.onnx_files[options.precision]
        providers: list[str | tuple[str, dict[str, int]]] = ["CPUExecutionProvider"]
        if options.device != "cpu":
            if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
                raise DeviceError(f"device {options.device}: this ONNX Runtime has no CUDA; install onnxruntime-gpu")
            number = int(options.device.partition(":")[2] or 0)
            providers = [("CUDAExecutionProvider", {"device_id": number})]
        session = session_options(options.threads)
        self._session = onnxruntime.InferenceSession(str(path), session, providers=providers)
        self._inputs = [one.name for one in self._session.get_inputs()]
        check_inputs(path, self._inputs, manifest)
        self.info = EngineInfo("onnxruntime", options.device, options.precision, options.threads)

    def clone(self) -> OnnxEngine:
        """Itself: a session may run in several threads at once."""
        return self

    def run(self, input_ids: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        """Its outputs by name; see `Engine`."""
        logits = self._session.run(None, feed(self._inputs, input_ids))[0]
        return {"logits": np.asarray(logits, dtype=np.float32)}


def session_options(threads: int | None) -> Any:
    """``onnxruntime.SessionOptions`` with CPU `threads`; None leaves them to ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    if threads is not None:
        options.intra_op_num_threads = threads
    # Threads that spin while they wait take the cores from tokenization and from other engines.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not cpu_flags() & VNNI_FLAGS:
        # Without VNNI, pairs of int8 products are added in 16 bits, which overflow: weights are turned to uint8 first.
        # With it there is nothing to mend, and the kernels for that are four times slower.
        options.add_session_config_entry("session.x64quantprecision", "1")
    return options
