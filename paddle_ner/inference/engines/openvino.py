"""OpenVINO over the graph that ``export --target onnx`` put into the bundle: Intel's kernels, on CPUs."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.bundle import BundleManifest, Precision
from paddle_ner.environment import Package
from paddle_ner.errors import BundleError
from paddle_ner.inference.engines import (
    AUTO,
    EngineDescription,
    EngineInfo,
    EngineOptions,
    check_inputs,
    check_outputs,
    feed,
)
from paddle_ner.inference.engines.heads import widen_heads


class OpenVinoEngine:
    """A bundle's ONNX graph in OpenVINO. Not safe to share between threads.

    Args:
        folder: a verified bundle.
        manifest: its manifest.
        options: the options of the engine, with every choice resolved (see `open_engine`).

    Raises:
        BundleError: OpenVINO cannot read the graph, or its inputs or outputs are not those of the manifest.
    """

    def __init__(self, folder: Path, manifest: BundleManifest, options: EngineOptions) -> None:
        import openvino

        assert options.precision != AUTO
        path = folder / manifest.onnx_files["int8" if options.precision == "int8" else "fp32"]
        self._core = openvino.Core()
        # Otherwise it maps the file, and a server would be killed when someone copies another bundle over this one.
        self._core.set_property({"ENABLE_MMAP": False})
        try:
            self._graph = self._core.read_model(path)
        except RuntimeError as error:
            said = " ".join(str(error).split())
            raise BundleError(f"{path}: OpenVINO cannot read it: {said}") from None
        self._inputs = [tensor.any_name for tensor in self._graph.inputs]
        self._outputs = manifest.outputs
        check_inputs(path, self._inputs, manifest)
        check_outputs(path, len(self._graph.outputs), manifest)
        if options.precision == "bf16":
            widen_heads(self._graph)
        self.info = EngineInfo("openvino", options.device, options.precision, options.threads)
        self._compile()

    def _compile(self) -> None:
        assert self.info.threads is not None
        compiled = self._core.compile_model(self._graph, "CPU", settings(self.info.precision, self.info.threads))
        self._request = compiled.create_infer_request()

    def clone(self) -> OpenVinoEngine:
        """Another engine over the same graph, for another thread, with its own threads and prepared weights."""
        twin = copy.copy(self)
        twin._compile()
        return twin

    def run(self, input_ids: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        """The outputs by name; see `Engine`."""
        values = self._request.infer(feed(self._inputs, input_ids), share_inputs=True, share_outputs=True)
        # Copies, since the next run writes into the same memory.
        return {name: np.array(values[index], dtype=np.float32) for index, name in enumerate(self._outputs)}


def settings(precision: Precision | str, threads: int) -> dict[str, Any]:
    """The configuration for ``openvino.Core.compile_model`` of an engine with `threads` CPU threads."""
    return {
        # By default it computes an fp32 graph in bf16 on every CPU that has bf16.
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": str(threads),
        # If bound to cores, engines side by side would share a core, and wait for other work on it.
        "ENABLE_CPU_PINNING": False,
    }


ENGINE = EngineDescription(
    name="openvino",
    title="OpenVINO",
    package=Package("openvino", "OpenVINO", "openvino"),
    graph="onnx",
    precisions={"cpu": ("fp32", "bf16", "int8")},
    arithmetic={"fp32": ("fp32", "bf16"), "int8": ("int8",)},
    open=OpenVinoEngine,
)
