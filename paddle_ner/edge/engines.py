"""Chooses the engine on the device: TensorRT with an engine that was built there, or ONNX Runtime."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_ner.edge.folder import SUMS, TOKENIZER, Description, read, verify
from paddle_ner.errors import BundleError, InputError, MissingPackageError
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.inference.predictor import Predictor
from paddle_ner.inference.protocols import Engine, EngineInfo

ENGINES = ("auto", "onnxruntime", "tensorrt")
PRECISIONS = ("fp32", "fp16", "int8")
# TensorRT takes the first of these that was built: the safe precision before the one that costs some accuracy.
_BUILT = ("fp16", "int8", "fp32")


@dataclass(frozen=True)
class Opened:
    """A predictor over the model of a folder, and the folder's description."""

    predictor: Predictor
    description: Description


def open_folder(folder: Path, engine: str = "auto", precision: str | None = None, threads: int | None = None) -> Opened:
    """The predictor of a folder, after all files were verified.

    Args:
        folder: what ``paddle-ner export --target jetson`` wrote.
        engine: one of `ENGINES`; ``auto`` is TensorRT if build_engine.sh was run, otherwise ONNX Runtime.
        precision: one of `PRECISIONS`; None takes fp32 in ONNX Runtime, and the built precision in TensorRT.
        threads: CPU threads of ONNX Runtime; None takes all cores.

    Raises:
        BundleError: a file is missing, was changed, or does not fit the others.
        InputError: the folder has no model for what is asked.
        MissingPackageError: the engine's package is not installed.
        DeviceError: TensorRT cannot use the engine or the GPU.
    """
    verify(folder)
    description = read(folder)
    built = [candidate for candidate in _BUILT if engine_file(folder, candidate).is_file()]
    if engine == "auto":
        engine = "tensorrt" if [candidate for candidate in built if precision in (None, candidate)] else "onnxruntime"
    if engine == "tensorrt":
        precision = precision or next(iter(built), None)
        if precision not in built:
            raise InputError(f"{folder}: no such engine was built; run ./build_engine.sh {precision or _BUILT[0]}")
        if not _is_current(folder, precision):
            raise InputError(
                f"{engine_file(folder, precision)}: was built from another model than the one that lies here; run"
                f" ./build_engine.sh {precision} again"
            )
        from paddle_ner.edge.tensorrt import TensorRTEngine

        runner: Engine = TensorRTEngine(engine_file(folder, precision), precision)
    else:
        precision = precision or "fp32"
        if precision not in description.precisions:
            has = ", ".join(description.precisions)
            raise InputError(f"{folder}: no model of precision {precision} for ONNX Runtime, expected {has}")
        runner = OnnxEngine(onnx_file(folder, precision), threads, precision)
    predictor = Predictor(description, Tokenizer.load(folder / TOKENIZER), runner)
    outputs = predictor.run(predictor.encode("").windows)[0]["logits"].shape[-1]
    if outputs != predictor.decoding.num_outputs:
        raise BundleError(
            f"{folder}: the model gives {outputs} logits, but the labels make {predictor.decoding.num_outputs};"
            " export the folder again"
        )
    return Opened(predictor, description)


def _is_current(folder: Path, precision: str) -> bool:
    """Whether an engine was built from the model in the folder: a newer folder may be copied over an older one."""
    source = onnx_file(folder, "int8" if precision == "int8" else "fp32").name
    sums = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    noted = folder / f"{engine_file(folder, precision).name}.{SUMS}"
    return noted.is_file() and noted.read_text(encoding="utf-8").split() == next(
        (line.split() for line in sums if line.endswith(source)), []
    )


def onnx_file(folder: Path, precision: str) -> Path:
    """The path of the model for ONNX Runtime and for building engines."""
    return folder / f"model.{precision}.onnx"


def engine_file(folder: Path, precision: str) -> Path:
    """The path of the engine that build_engine.sh builds from it."""
    return folder / f"model.{precision}.engine"


class OnnxEngine:
    """An ONNX file in ONNX Runtime, on the CPU."""

    def __init__(self, path: Path, threads: int | None = None, precision: str = "fp32") -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingPackageError(f"ONNX Runtime cannot be imported ({error}): pip install onnxruntime") from None
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # unused constants, which the converter leaves, are no news on a device
        if threads is not None:
            options.intra_op_num_threads = threads
        # Threads that spin while they wait would take the cores from tokenization.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # On x86 without VNNI, pairs of int8 products are added in 16 bits, which overflow. Other processors ignore
        # this.
        options.add_session_config_entry("session.x64quantprecision", "1")
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._inputs = [tensor.name for tensor in self._session.get_inputs()]
        self._outputs = [tensor.name for tensor in self._session.get_outputs()]
        self.info = EngineInfo("onnxruntime", "cpu", precision, threads)

    def clone(self) -> OnnxEngine:
        """The engine itself, since a session may run in several threads at once."""
        return self

    def run(self, input_ids: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        """The outputs by name; see `Engine`."""
        feed = {name: input_ids if name == "input_ids" else np.zeros_like(input_ids) for name in self._inputs}
        values = self._session.run(self._outputs, feed)
        return {name: np.asarray(each, dtype=np.float32) for name, each in zip(self._outputs, values)}
