"""What TensorRT would be asked for. It cannot run here: only the configuration and the cache are held."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from paddle_ner.bundle import BundleManifest, WindowSpec
from paddle_ner.errors import DeviceError
from paddle_ner.inference.engines import EngineOptions
from paddle_ner.inference.engines.tensorrt import configuration, optimized

BUNDLE_MANIFEST = BundleManifest(
    name="m",
    task={"name": "ner", "labels": ["PER"], "tag_scheme": "BIO"},
    window=WindowSpec(size=48, overlap=8),
    graph="model.json",
    weights="model.pdiparams",
    inputs=["input_ids", "token_type_ids"],
    outputs=["logits"],
    files={},
    checksum="0123456789abcdef0123",
)
FP16 = EngineOptions("tensorrt", "gpu:1", "fp16")


def module_of(name: str, **attributes: object) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(attributes)
    return module


def fake_tensorrt(conversions: list[tuple[str, Any]]) -> ModuleType:
    def convert(path: str, config: Any) -> None:
        conversions.append((path, config))
        Path(f"{config.save_model_dir}.json").write_text("{}")

    return module_of(
        "paddle.tensorrt",
        Input=lambda **fields: SimpleNamespace(**fields),
        TensorRTConfig=lambda inputs: SimpleNamespace(inputs=inputs),
        PrecisionMode=SimpleNamespace(FP32="FP32", FP16="FP16"),
        convert=convert,
    )


def test_every_input_gets_the_shapes_that_the_batcher_makes() -> None:
    config = configuration(fake_tensorrt([]), BUNDLE_MANIFEST, FP16)
    assert [one.name for one in config.inputs] == BUNDLE_MANIFEST.inputs
    for one in config.inputs:
        shapes = (one.min_input_shape, one.optim_input_shape, one.max_input_shape)
        assert shapes == ((1, 8), (8, 48), (128, 48))
        assert one.input_data_type == "int64"
    assert config.precision_mode == "FP16"


def test_a_graph_is_optimized_once_for_each_bundle_gpu_and_precision(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    conversions: list[tuple[str, Any]] = []
    cuda = module_of("paddle.device.cuda", get_device_name=lambda number: f"Tesla T{number}")
    paddle = module_of("paddle", tensorrt=fake_tensorrt(conversions))
    for name, module in (("paddle", paddle), ("paddle.device", ModuleType("d")), ("paddle.device.cuda", cuda)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = optimized(Path("bundle"), BUNDLE_MANIFEST, FP16)
    assert first == optimized(Path("bundle"), BUNDLE_MANIFEST, FP16)
    assert [path for path, _ in conversions] == ["bundle/model"]
    assert first[0] == tmp_path / "paddle-ner/tensorrt/0123456789abcdef-Tesla-T1-fp16/model.json" and first[0].is_file()
    optimized(Path("bundle"), BUNDLE_MANIFEST.model_copy(update={"checksum": "f" * 20}), FP16)
    assert len(conversions) == 2


def test_a_build_without_tensorrt_says_so(tmp_path: Path) -> None:
    pytest.importorskip("paddle")
    with pytest.raises(DeviceError, match="engine tensorrt: this build of PaddlePaddle has none"):
        optimized(tmp_path, BUNDLE_MANIFEST, FP16)
