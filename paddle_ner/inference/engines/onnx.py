"""ONNX Runtime over the graph that ``export --target onnx`` put into the bundle."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.bundle import BundleManifest
from paddle_ner.environment import PACKAGES
from paddle_ner.errors import BundleError, DeviceError
from paddle_ner.inference.engines import (
    AUTO,
    EngineDescription,
    EngineInfo,
    EngineOptions,
    check_inputs,
    check_outputs,
    feed,
)
from paddle_ner.machine import VNNI_FLAGS, cpu_flags


class OnnxEngine:
    """A bundle's ONNX graph in ONNX Runtime.

    Args:
        folder: a verified bundle.
        manifest: its manifest.
        options: the options of the engine, with every choice resolved (see `open_engine`).

    Raises:
        DeviceError: this build of ONNX Runtime cannot use the device.
        BundleError: the graph's inputs or outputs are not those of the manifest.
    """

    def __init__(self, folder: Path, manifest: BundleManifest, options: EngineOptions) -> None:
        assert options.precision != AUTO
        self._path = folder / manifest.onnx_files[options.precision]
        self._checksum = manifest.files.get(self._path.name)
        self._outputs = manifest.outputs
        self.info = EngineInfo("onnxruntime", options.device, options.precision, options.threads)
        self._open(self._path.read_bytes())
        check_inputs(self._path, self._inputs, manifest)
        check_outputs(self._path, len(self._session.get_outputs()), manifest)

    def _open(self, graph: bytes) -> None:
        import onnxruntime

        session = session_options(self.info.threads)
        self._session = onnxruntime.InferenceSession(graph, session, providers=_providers(self.info.device))
        self._inputs = [tensor.name for tensor in self._session.get_inputs()]

    def clone(self) -> OnnxEngine:
        """Another session over the same graph, for another thread: a session's threads serve one run at a time.

        Raises:
            BundleError: the file has changed.
        """
        graph = self._path.read_bytes()
        if self._checksum not in (None, hashlib.sha256(graph).hexdigest()):
            raise BundleError(f"{self._path}: it was changed since the model was loaded; load the model again")
        twin = copy.copy(self)
        twin._open(graph)
        return twin

    def run(self, input_ids: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        """The outputs by name; see `Engine`."""
        values = self._session.run(None, feed(self._inputs, input_ids))
        return {name: np.asarray(each, dtype=np.float32) for name, each in zip(self._outputs, values, strict=True)}


def _providers(device: str) -> list[str | tuple[str, dict[str, int]]]:
    """The execution providers of a session. Raises DeviceError if this build cannot use the device."""
    import onnxruntime

    if device == "cpu":
        return ["CPUExecutionProvider"]
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        raise DeviceError(f"device {device}: this ONNX Runtime has no CUDA; install onnxruntime-gpu")
    return [("CUDAExecutionProvider", {"device_id": int(device.partition(":")[2] or 0)})]


def session_options(threads: int | None) -> Any:
    """``onnxruntime.SessionOptions`` with CPU `threads`; None leaves them to ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    if threads is not None:
        options.intra_op_num_threads = threads
    # Threads that spin while they wait would take the cores from tokenization and from other engines.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not cpu_flags() & VNNI_FLAGS:
        # Without VNNI, pairs of int8 products are added in 16 bits, which overflow, so weights are first converted to
        # uint8. With VNNI there is nothing to fix, and the kernels for that are four times slower.
        options.add_session_config_entry("session.x64quantprecision", "1")
    return options


ENGINE = EngineDescription(
    name="onnxruntime",
    title="ONNX Runtime",
    package=PACKAGES["onnxruntime"],
    graph="onnx",
    precisions={"cpu": ("fp32", "int8"), "gpu": ("fp32",)},
    arithmetic={"fp32": ("fp32",), "int8": ("int8",)},
    open=OnnxEngine,
)
