"""Runs an engine that ``trtexec`` built on the device, through TensorRT's Python API and CUDA's runtime library.

Written against the API that TensorRT 8.5 to 10 share (tensors by name, ``execute_async_v3``) and **not run on a
device**: the project's machines have no GPU.
"""

from __future__ import annotations

import copy
import ctypes
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.errors import DeviceError, MissingPackageError
from paddle_ner.inference.protocols import EngineInfo

# By name, since `tensorrt.nptype` of 8.5 fails with NumPy 1.24, which has no numpy.bool.
_TYPES = {"INT32": np.int32, "INT64": np.int64, "FLOAT": np.float32, "HALF": np.float16}
_CUDART = ("libcudart.so", "libcudart.so.12", "libcudart.so.11.0")
_TO_DEVICE, _TO_HOST = 1, 2  # cudaMemcpyKind


class TensorRTEngine:
    """A serialized engine with dynamic shapes. For one thread at a time.

    Raises:
        MissingPackageError: Python finds no TensorRT, or no libcudart.
        DeviceError: the engine was built with another version or for another GPU, or the GPU cannot be used.
    """

    def __init__(self, path: Path, precision: str = "fp16") -> None:
        try:
            import tensorrt
        except ImportError as error:
            raise MissingPackageError(
                f"TensorRT cannot be imported ({error}): it comes with JetPack, for the system's python3"
            ) from None
        self._cuda = _Cuda()
        self._runtime = tensorrt.Runtime(tensorrt.Logger(tensorrt.Logger.WARNING))
        self._engine = self._runtime.deserialize_cuda_engine(path.read_bytes())
        if self._engine is None:
            raise DeviceError(
                f"{path}: TensorRT {tensorrt.__version__} refuses it: an engine runs only with the version and on the"
                " GPU that it was built with; run ./build_engine.sh again"
            )
        self.info = EngineInfo("tensorrt", "gpu", precision, None)
        names = [self._engine.get_tensor_name(index) for index in range(self._engine.num_io_tensors)]
        is_input = {name: self._engine.get_tensor_mode(name) == tensorrt.TensorIOMode.INPUT for name in names}
        self._inputs = [name for name in names if is_input[name]]
        self._outputs = [name for name in names if not is_input[name]]
        self._types = {name: np.dtype(_TYPES[self._engine.get_tensor_dtype(name).name]) for name in names}
        _, _, self._largest = self._engine.get_tensor_profile_shape(self._inputs[0], 0)
        self._attach()

    def _attach(self) -> None:
        self._context = self._engine.create_execution_context()
        self._buffers = {name: _Buffer(self._cuda) for name in self._types}

    def clone(self) -> TensorRTEngine:
        """Another context over the same engine, with its own stream and memory on the device."""
        twin = copy.copy(self)
        twin._cuda = _Cuda()
        twin._attach()
        return twin

    def run(self, input_ids: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
        """The outputs by name; see `Engine`.

        Runs as many windows at once as the engine was built for.
        """
        rows = self._largest[0]
        parts = [self._run(input_ids[start : start + rows]) for start in range(0, len(input_ids), rows)]
        return {name: np.asarray(np.concatenate([part[name] for part in parts]), np.float32) for name in self._outputs}

    def _run(self, ids: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        for name in self._inputs:
            values = np.ascontiguousarray(ids if name == "input_ids" else np.zeros_like(ids), dtype=self._types[name])
            if not self._context.set_input_shape(name, values.shape):
                raise DeviceError(
                    f"input {name} of shape {values.shape} is outside what the engine was built for, at most"
                    f" {tuple(self._largest)}; run ./build_engine.sh again"
                )
            self._cuda.copy(self._bind(name, values.nbytes), values.ctypes.data, values.nbytes, _TO_DEVICE)
        shapes = {name: tuple(self._context.get_tensor_shape(name)) for name in self._outputs}
        outputs = {name: np.empty(shape, dtype=self._types[name]) for name, shape in shapes.items()}
        addresses = {name: self._bind(name, output.nbytes) for name, output in outputs.items()}
        if not self._context.execute_async_v3(self._cuda.stream):
            raise DeviceError("TensorRT could not run the engine; its message is above")
        for name, output in outputs.items():
            self._cuda.copy(output.ctypes.data, addresses[name], output.nbytes, _TO_HOST)
        self._cuda.synchronize()
        return outputs

    def _bind(self, name: str, size: int) -> int:
        """Device memory for a tensor, as its address."""
        address = self._buffers[name].of(size)
        self._context.set_tensor_address(name, address)
        return address


class _Cuda:
    """The few calls of libcudart that are needed, on our own stream."""

    def __init__(self) -> None:
        self._library = _load_cudart()
        stream = ctypes.c_void_p()
        self._check("cudaStreamCreate", ctypes.byref(stream))
        self.stream = stream.value or 0

    def allocate(self, size: int) -> int:
        address = ctypes.c_void_p()
        self._check("cudaMalloc", ctypes.byref(address), ctypes.c_size_t(size))
        return address.value or 0

    def free(self, address: int) -> None:
        self._check("cudaFree", ctypes.c_void_p(address))

    def copy(self, target: int, source: int, size: int, kind: int) -> None:
        pointers = (ctypes.c_void_p(target), ctypes.c_void_p(source))
        self._check("cudaMemcpyAsync", *pointers, ctypes.c_size_t(size), kind, ctypes.c_void_p(self.stream))

    def synchronize(self) -> None:
        self._check("cudaStreamSynchronize", ctypes.c_void_p(self.stream))

    def _check(self, name: str, *arguments: Any) -> None:
        if status := getattr(self._library, name)(*arguments):
            raise DeviceError(f"{name} failed with CUDA error {status}; is the GPU free, and enough memory left?")


class _Buffer:
    """Device memory that grows to the largest requested size."""

    def __init__(self, cuda: _Cuda) -> None:
        self._cuda = cuda
        self._size = self._address = 0

    def of(self, size: int) -> int:
        """The address of at least `size` bytes."""
        if size > self._size:
            if self._address:
                self._cuda.free(self._address)
            self._address, self._size = self._cuda.allocate(size), size
        return self._address


def _load_cudart() -> ctypes.CDLL:
    for name in _CUDART:
        try:
            return ctypes.CDLL(name)
        except OSError:
            continue
    raise MissingPackageError(
        f"CUDA's runtime library was not found as {', '.join(_CUDART)}: add its folder to LD_LIBRARY_PATH,"
        " on JetPack /usr/local/cuda/lib64"
    )
