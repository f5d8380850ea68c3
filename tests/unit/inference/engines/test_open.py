"""What is asked of an engine is done or refused; what a bundle says falls back only with a line in the log.

Tests `paddle_ner.inference.layout`, `paddle_ner.inference.engines.onnx` and `paddle_ner.inference.engines.paddle`
too."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import paddle_ner
from paddle_ner.bundle import BundleManifest, Candidate, OnnxGraph, Precision, Tuning, WindowSpec
from paddle_ner.errors import DeviceError, InputError
from paddle_ner.inference.engines import EngineOptions
from paddle_ner.inference.engines.onnx import session_options
from paddle_ner.inference.engines.open import choose, device_kind
from paddle_ner.inference.engines.paddle import configure
from paddle_ner.inference.layout import Layout, asked_for, chosen, layouts

FOLDER = Path("some/bundle")
BF16 = frozenset({"avx512f", "avx512_bf16"})
PLAIN = frozenset({"avx2"})


def manifest(**fields: Any) -> BundleManifest:
    task = {"name": "ner", "labels": ["PER"], "tag_scheme": "BIO"}
    window = WindowSpec()
    return BundleManifest(
        name="m",
        task=task,
        window=window,
        graph="model.json",
        weights="model.pdiparams",
        inputs=["input_ids"],
        outputs=["logits"],
        files={},
        **{"onnx": {"fp32": graph("model.onnx"), "int8": graph("model.int8.onnx")}, **fields},
    )


def graph(file: str) -> OnnxGraph:
    return OnnxGraph(file=file, opset=17, runtime="1.20.0", matmuls=1)


def tuning(replicas: int, threads: int, **fields: Any) -> Tuning:
    known: dict[str, Any] = {"cpu": "c", "texts": 1, "metric": "f1", "examples": 1, "max_drop": 0, "candidates": []}
    return Tuning(replicas=replicas, threads=threads, **{"precision": "fp32", **known, **fields})


def candidate(engine: str, precision: Precision, replicas: int, threads: int, speed: float) -> Candidate:
    pace: dict[str, Any] = {"texts_per_second": speed, "tokens_per_second": 10 * speed, "milliseconds": 1.5}
    return Candidate(engine=engine, precision=precision, replicas=replicas, threads=threads, score=0.9, **pace)


# Measured best in ONNX Runtime at int8, two engines of two threads; in Paddle at bf16, one of four.
BEST_IN_ONNX = tuning(
    2,
    2,
    engine="onnxruntime",
    precision="int8",
    candidates=[
        candidate("paddle", "fp32", 1, 4, 10),
        candidate("paddle", "bf16", 1, 4, 30),
        candidate("paddle", "bf16", 4, 1, 20),
        candidate("onnxruntime", "int8", 2, 2, 40),
    ],
)


@pytest.mark.parametrize(
    ("precision", "options", "flags", "expected"),
    [
        ("fp32", EngineOptions(), PLAIN, "fp32"),
        ("bf16", EngineOptions(), BF16, "bf16"),
        ("bf16", EngineOptions(precision="fp32"), BF16, "fp32"),
        ("fp32", EngineOptions(precision="bf16"), BF16, "bf16"),
        ("int8", EngineOptions(), PLAIN, "int8"),
        ("fp32", EngineOptions(device="gpu:1", precision="fp16"), PLAIN, "fp16"),
        ("fp32", EngineOptions("tensorrt", "gpu", "fp16"), PLAIN, "fp16"),
        ("fp32", EngineOptions("onnxruntime"), PLAIN, "fp32"),
        ("fp32", EngineOptions("onnxruntime", precision="int8"), PLAIN, "int8"),
        ("int8", EngineOptions("onnxruntime"), PLAIN, "int8"),
        ("int8", EngineOptions("onnxruntime", precision="fp32"), PLAIN, "fp32"),
        ("fp32", EngineOptions("openvino"), BF16, "fp32"),
        ("bf16", EngineOptions("openvino"), BF16, "bf16"),
        ("int8", EngineOptions("openvino", precision="bf16"), BF16, "bf16"),
        ("fp32", EngineOptions("openvino", precision="int8"), PLAIN, "int8"),
    ],
)
def test_a_precision_that_can_be_had_is_given(
    precision: str, options: EngineOptions, flags: frozenset[str], expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert choose(FOLDER, manifest(precision=precision), options, flags)[1] == expected
    assert not caplog.records


@pytest.mark.parametrize(
    ("precision", "options", "flags", "reason"),
    [
        ("bf16", EngineOptions(), PLAIN, "measured best at bf16, which this CPU does not have; it runs at fp32"),
        ("bf16", EngineOptions(device="gpu"), PLAIN, "measured best at bf16 on a CPU; paddle on gpu runs it at fp32"),
        ("bf16", EngineOptions("onnxruntime"), BF16, "onnxruntime on cpu runs it at fp32"),
    ],
)
def test_auto_falls_back_to_fp32_and_says_so(
    precision: str, options: EngineOptions, flags: frozenset[str], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert choose(FOLDER, manifest(precision=precision), options, flags)[1] == "fp32"
    (record,) = caplog.records
    assert reason in record.getMessage() and str(FOLDER) in record.getMessage()


@pytest.mark.parametrize(
    ("precision", "options", "flags", "message"),
    [
        ("fp32", EngineOptions(precision="bf16"), PLAIN, "precision bf16 needs a CPU with avx512_bf16 or amx_bf16"),
        (
            "fp32",
            EngineOptions(precision="fp16"),
            BF16,
            "precision fp16 cannot be had with paddle on cpu",
        ),
        ("fp32", EngineOptions(precision="int8"), BF16, "the bundle has no int8 graph"),
        ("int8", EngineOptions(precision="fp32"), BF16, "the bundle has an int8 graph"),
        ("fp32", EngineOptions(precision="int8"), BF16, "its ONNX graph is: add --engine onnxruntime"),
        ("fp32", EngineOptions("onnxruntime", precision="bf16"), BF16, "bf16 cannot be had with onnxruntime on cpu"),
        ("fp32", EngineOptions("onnxruntime", "gpu", "int8"), BF16, "int8 cannot be had with onnxruntime on gpu"),
        ("int8", EngineOptions(device="gpu"), BF16, "its graph is int8, which paddle on gpu cannot run"),
        ("fp32", EngineOptions("openvino", precision="bf16"), PLAIN, "precision bf16 needs a CPU with avx512_bf16"),
        ("fp32", EngineOptions("openvino", precision="fp16"), BF16, "fp16 cannot be had with openvino on cpu"),
        ("fp32", EngineOptions("openvino", "gpu"), BF16, "engine openvino does not run on gpu: add --device cpu"),
        ("fp32", EngineOptions("tensorrt"), BF16, "engine tensorrt does not run on cpu: add --device gpu"),
        ("fp32", EngineOptions(device="tpu"), BF16, "device 'tpu' is unknown"),
    ],
)
def test_what_cannot_be_had_is_refused(
    precision: str, options: EngineOptions, flags: frozenset[str], message: str
) -> None:
    with pytest.raises((DeviceError, InputError)) as caught:
        choose(FOLDER, manifest(precision=precision), options, flags)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("onnx", "precision", "message"),
    [
        ({}, "auto", "holds no ONNX graph; make one with `paddle-ner export --target onnx`"),
        ({}, "int8", "holds no ONNX graph; make one with `paddle-ner export --target onnx`"),
        (
            {"fp32": graph("model.onnx")},
            "int8",
            "holds no int8 ONNX graph; make one with `paddle-ner export --target onnx --scales`",
        ),
    ],
)
def test_an_onnx_graph_that_is_not_there_is_refused_with_what_makes_it(
    onnx: dict[str, OnnxGraph], precision: Precision, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        choose(FOLDER, manifest(onnx=onnx), EngineOptions("onnxruntime", precision=precision), PLAIN)
    assert message in str(caught.value)


@pytest.mark.parametrize("device", ["cpu:1", "gpu:", "gpu:x", "cuda", ""])
def test_an_unknown_device_is_refused(device: str) -> None:
    with pytest.raises(DeviceError, match="is unknown, expected cpu, gpu or gpu:N"):
        device_kind(device)


class Recorder:
    """Stands for paddle.inference.Config: remembers what was set."""

    def __init__(self) -> None:
        self.calls: dict[str, tuple[Any, ...]] = {}

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.__setitem__(name, arguments)


PRECISION_TYPE = SimpleNamespace(Half="half", Float32="float32")


def configured(options: EngineOptions, new_ir: bool = True) -> dict[str, tuple[Any, ...]]:
    config = Recorder()
    configure(config, PRECISION_TYPE, options, new_ir)
    return config.calls


def test_a_cpu_engine_runs_onednn_and_prepares_weights_once_for_all_shapes() -> None:
    calls = configured(EngineOptions(precision="fp32", threads=3))
    assert calls["set_cpu_math_library_num_threads"] == (3,)
    assert "enable_mkldnn" in calls and calls["set_mkldnn_cache_capacity"] == (0,)
    assert "enable_mkldnn_bfloat16" not in calls and "enable_mkldnn_int8" not in calls


def test_bf16_and_int8_are_switched_on_where_they_are_chosen() -> None:
    assert "enable_mkldnn_bfloat16" in configured(EngineOptions(precision="bf16", threads=1))
    calls = configured(EngineOptions(precision="int8", threads=1), new_ir=False)
    assert calls["enable_mkldnn_int8"] == ({"fc"},)  # never bare: that wipes out attention
    assert calls["enable_new_ir"] == (False,)


@pytest.mark.parametrize(("precision", "expected"), [("fp32", "float32"), ("fp16", "half")])
def test_a_gpu_engine_is_told_its_device_and_precision(
    monkeypatch: pytest.MonkeyPatch, precision: Precision, expected: str
) -> None:
    monkeypatch.setattr("paddle_ner.inference.engines.paddle.check_gpu", lambda device: int(device[-1]))
    calls = configured(EngineOptions(device="gpu:2", precision=precision))
    assert calls["enable_use_gpu"][1:] == (2, expected)
    assert "enable_mkldnn" not in calls


def test_the_layouts_of_a_machine_share_its_cores() -> None:
    assert layouts(1) == [Layout(1, 1)]
    assert layouts(2) == [Layout(1, 2), Layout(2, 1)]
    assert layouts(8) == [Layout(1, 8), Layout(2, 4), Layout(4, 2), Layout(8, 1)]
    assert layouts(6) == [Layout(1, 6), Layout(2, 3), Layout(6, 1)]


@pytest.mark.parametrize(
    ("measured", "cores", "expected"),
    [
        (None, 1, Layout(1, 1)),
        (None, 3, Layout(1, 3)),
        (None, 4, Layout(2, 2)),
        ((4, 2), 8, Layout(4, 2)),
        ((4, 2), 4, Layout(2, 2)),
        ((2, 4), 2, Layout(1, 2)),
        ((8, 1), 1, Layout(1, 1)),
    ],
)
def test_a_measured_layout_is_cut_to_the_cores_that_are_there(
    measured: tuple[int, int] | None, cores: int, expected: Layout
) -> None:
    assert chosen(manifest(tuning=tuning(*measured) if measured else None), cores) == expected


@pytest.mark.parametrize(
    ("replicas", "threads", "expected"),
    [
        (None, None, Layout(4, 2)),  # as measured
        (2, None, Layout(2, 4)),
        (16, None, Layout(16, 1)),
        (None, 3, Layout(1, 3)),
        (2, 3, Layout(2, 3)),
    ],
)
def test_what_is_asked_of_the_layout_is_done_and_the_rest_follows_from_the_cores(
    replicas: int | None, threads: int | None, expected: Layout
) -> None:
    assert asked_for(manifest(tuning=tuning(4, 2)), 8, replicas, threads) == expected


def test_a_manifest_keeps_what_was_measured() -> None:
    kept = manifest(precision="bf16", tuning=BEST_IN_ONNX)
    assert BundleManifest.model_validate(kept.model_dump()) == kept


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (EngineOptions(), ("onnxruntime", "int8")),
        (EngineOptions(precision="int8"), ("onnxruntime", "int8")),
        (EngineOptions(precision="bf16"), ("paddle", "bf16")),
        (EngineOptions(precision="fp32"), ("paddle", "fp32")),
        (EngineOptions("paddle"), ("paddle", "bf16")),
        (EngineOptions("onnxruntime"), ("onnxruntime", "int8")),
        (EngineOptions("onnxruntime", precision="fp32"), ("onnxruntime", "fp32")),
    ],
)
def test_what_was_measured_best_runs_unless_something_else_is_asked_for(
    options: EngineOptions, expected: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    assert choose(FOLDER, manifest(precision="bf16", tuning=BEST_IN_ONNX), options, BF16) == expected
    assert not caplog.records


def test_a_gpu_runs_paddle_whatever_was_best_on_a_cpu() -> None:
    best = manifest(tuning=BEST_IN_ONNX)
    assert choose(FOLDER, best, EngineOptions(device="gpu"), PLAIN) == ("paddle", "fp32")


def test_without_onnx_runtime_paddle_runs_at_its_best_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("paddle_ner.inference.engines.open.is_installed", lambda module: module != "onnxruntime")
    best = manifest(precision="bf16", tuning=BEST_IN_ONNX)
    assert choose(FOLDER, best, EngineOptions(), BF16) == ("paddle", "bf16")
    (record,) = caplog.records
    assert record.getMessage().startswith(f"{FOLDER}: measured best with ONNX Runtime at int8, which is not installed")
    assert "pip install 'paddle-ner[onnx]'" in record.getMessage()


@pytest.mark.parametrize(
    ("engine", "precision", "expected"),
    [
        (None, None, Layout(2, 2)),
        ("onnxruntime", "int8", Layout(2, 2)),
        ("paddle", "bf16", Layout(1, 4)),
        ("paddle", "int8", Layout(2, 4)),  # not measured
    ],
)
def test_each_way_to_run_has_the_layout_that_was_measured_best_for_it(
    engine: str | None, precision: str | None, expected: Layout
) -> None:
    assert chosen(manifest(tuning=BEST_IN_ONNX), 8, engine, precision) == expected


@pytest.mark.parametrize(("flags", "expected"), [({"avx2", "avx512_vnni"}, False), ({"avx2"}, True)])
def test_only_a_cpu_without_vnni_turns_int8_weights_to_uint8(
    flags: set[str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paddle_ner.inference.engines.onnx.cpu_flags", lambda: frozenset(flags))
    options = session_options(threads=1)
    if expected:
        assert options.get_session_config_entry("session.x64quantprecision") == "1"
    else:
        with pytest.raises(RuntimeError):
            options.get_session_config_entry("session.x64quantprecision")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"threads": 0}, "threads is 0, expected a whole number from 1 on"),
        ({"threads": "2"}, "threads is '2', expected a whole number from 1 on"),
        ({"replicas": -1}, "replicas is -1, expected a whole number from 1 on"),
        ({"replicas": True}, "replicas is True, expected a whole number from 1 on"),
    ],
)
def test_counts_that_are_none_are_refused(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}$"):
        paddle_ner.load(tmp_path, **arguments)


def test_a_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "texts.txt").touch()
    with pytest.raises(InputError, match=r"texts\.txt: a file, expected a folder with a bundle or a checkpoint$"):
        paddle_ner.load(tmp_path / "texts.txt")
