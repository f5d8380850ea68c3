"""What TensorRT and CUDA would be asked for. They cannot run here: a stand-in computes on the CPU."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_ner.edge import tensorrt
from paddle_ner.errors import DeviceError, MissingPackageError

LARGEST = (3, 8)


class Cudart:
    """libcudart over the memory of the process."""

    def __init__(self) -> None:
        self.held: dict[int, Any] = {}

    def cudaStreamCreate(self, stream: Any) -> int:
        stream._obj.value = 77
        return 0

    def cudaMalloc(self, address: Any, size: Any) -> int:
        memory = ctypes.create_string_buffer(size.value)
        self.held[ctypes.addressof(memory)] = memory
        address._obj.value = ctypes.addressof(memory)
        return 0

    def cudaFree(self, address: Any) -> int:
        del self.held[address.value]
        return 0

    def cudaMemcpyAsync(self, target: Any, source: Any, size: Any, kind: int, stream: Any) -> int:
        assert kind in (1, 2) and stream.value == 77
        ctypes.memmove(target, source, size.value)
        return 0

    def cudaStreamSynchronize(self, stream: Any) -> int:
        return 0


class Context:
    """Gives, for each token, twice its id and the sum of the other input."""

    def __init__(self, types: dict[str, str]) -> None:
        self.types = types
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.addresses: dict[str, int] = {}

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        self.shapes[name] = shape
        return shape[0] <= LARGEST[0] and shape[1] <= LARGEST[1]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        rows, length = self.shapes["input_ids"]
        return (rows, length, 2) if name == "logits" else (rows, 4)

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.addresses[name] = address
        return True

    def array(self, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
        kind = np.dtype({"INT32": "i4", "INT64": "i8", "HALF": "f2", "FLOAT": "f4"}[self.types[name]])
        memory = (ctypes.c_char * (int(np.prod(shape)) * kind.itemsize)).from_address(self.addresses[name])
        return np.frombuffer(memoryview(memory), dtype=kind).reshape(shape)

    def execute_async_v3(self, stream: int) -> bool:
        assert stream == 77
        ids = self.array("input_ids", self.shapes["input_ids"])
        kinds = self.array("token_type_ids", self.shapes["token_type_ids"])
        self.array("logits", (*ids.shape, 2))[:] = np.stack([2 * ids, kinds], axis=-1)
        if "transitions" in self.types:
            self.array("transitions", (len(ids), 4))[:] = np.arange(4)
        return True


def fake(types: dict[str, str], refused: bool = False) -> ModuleType:
    mode = SimpleNamespace(INPUT="in", OUTPUT="out")
    engine = SimpleNamespace(
        num_io_tensors=len(types),
        get_tensor_name=list(types).__getitem__,
        get_tensor_mode=lambda name: mode.INPUT if name in ("input_ids", "token_type_ids") else mode.OUTPUT,
        get_tensor_dtype=lambda name: SimpleNamespace(name=types[name]),
        get_tensor_profile_shape=lambda name, index: ((1, 1), (1, 4), LARGEST),
        create_execution_context=lambda: Context(types),
    )
    module = ModuleType("tensorrt")
    module.__dict__["__version__"] = "8.5.2"
    logger: Any = lambda level: None  # noqa: E731
    logger.WARNING = 1
    runtime = SimpleNamespace(deserialize_cuda_engine=lambda content: None if refused else engine)
    vars(module).update(Logger=logger, Runtime=lambda logger: runtime, TensorIOMode=mode)
    return module


@pytest.fixture
def engine_file(tmp_path: Path) -> Path:
    path = tmp_path / "model.fp16.engine"
    path.write_bytes(b"engine")
    return path


@pytest.fixture
def cudart(monkeypatch: pytest.MonkeyPatch) -> Cudart:
    library = Cudart()
    monkeypatch.setattr(tensorrt, "_load_cudart", lambda: library)
    return library


# TensorRT 8 makes int32 of ONNX's int64 inputs, 10 keeps them; outputs are as the engine was built.
@pytest.mark.parametrize(("whole", "real"), [("INT32", "FLOAT"), ("INT64", "HALF")])
def test_rows_go_through_in_parts_that_the_engine_was_built_for(
    whole: str, real: str, engine_file: Path, cudart: Cudart, monkeypatch: pytest.MonkeyPatch
) -> None:
    types = {"input_ids": whole, "token_type_ids": whole, "logits": real}
    monkeypatch.setitem(sys.modules, "tensorrt", fake(types))
    engine = tensorrt.TensorRTEngine(engine_file)
    for rows, tokens in ((2, 3), (7, 8), (1, 1)):
        ids = np.arange(rows * tokens, dtype=np.int64).reshape(rows, tokens)
        logits = engine.run(ids)["logits"]
        assert logits.dtype == np.float32 and logits.shape == (rows, tokens, 2)
        assert (logits[..., 0] == 2 * ids).all() and (logits[..., 1] == 0).all()
    assert len(cudart.held) == len(types), "memory is kept, and what grew was freed"


def test_all_outputs_of_a_head_come_back_by_their_names(
    engine_file: Path, cudart: Cudart, monkeypatch: pytest.MonkeyPatch
) -> None:
    types = {"input_ids": "INT32", "token_type_ids": "INT32", "transitions": "HALF", "logits": "FLOAT"}
    monkeypatch.setitem(sys.modules, "tensorrt", fake(types))
    outputs = tensorrt.TensorRTEngine(engine_file).run(np.ones((7, 3), np.int64))
    assert {name: values.shape for name, values in outputs.items()} == {"logits": (7, 3, 2), "transitions": (7, 4)}
    assert (outputs["logits"][..., 0] == 2).all() and (outputs["transitions"] == [0, 1, 2, 3]).all()


def test_a_clone_has_memory_of_its_own(engine_file: Path, cudart: Cudart, monkeypatch: pytest.MonkeyPatch) -> None:
    types = {"input_ids": "INT32", "token_type_ids": "INT32", "logits": "FLOAT"}
    monkeypatch.setitem(sys.modules, "tensorrt", fake(types))
    engine = tensorrt.TensorRTEngine(engine_file, "int8")
    twin = engine.clone()
    assert (twin.info.engine, twin.info.precision) == ("tensorrt", "int8")
    ids = np.array([[1, 2]], dtype=np.int64)
    assert (twin.run(ids)["logits"] == engine.run(ids)["logits"]).all()
    assert len(cudart.held) == 2 * len(types)


def test_a_shape_beyond_the_engine_is_said(engine_file: Path, cudart: Cudart, monkeypatch: pytest.MonkeyPatch) -> None:
    types = {"input_ids": "INT32", "token_type_ids": "INT32", "logits": "FLOAT"}
    monkeypatch.setitem(sys.modules, "tensorrt", fake(types))
    with pytest.raises(DeviceError, match=r"input_ids of shape \(1, 9\) is outside .* at most \(3, 8\)"):
        tensorrt.TensorRTEngine(engine_file).run(np.zeros((1, 9), np.int64))


def test_an_engine_of_another_version_says_how_to_build_it_again(
    engine_file: Path, cudart: Cudart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", fake({"input_ids": "INT32"}, refused=True))
    with pytest.raises(DeviceError, match=r"TensorRT 8\.5\.2 refuses it: .*run \./build_engine\.sh again"):
        tensorrt.TensorRTEngine(engine_file)


def test_without_tensorrt_it_says_where_that_comes_from(engine_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    with pytest.raises(MissingPackageError, match="comes with JetPack"):
        tensorrt.TensorRTEngine(engine_file)


def test_a_cuda_error_is_said(engine_file: Path, cudart: Cudart, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", fake({"input_ids": "INT32", "logits": "FLOAT"}))
    monkeypatch.setattr(cudart, "cudaMalloc", lambda address, size: 2, raising=False)
    with pytest.raises(DeviceError, match="cudaMalloc failed with CUDA error 2"):
        tensorrt.TensorRTEngine(engine_file).run(np.zeros((1, 4), np.int64))
