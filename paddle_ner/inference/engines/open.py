"""Which engine runs a bundle: the one that was asked for, or a refusal that says why not."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from paddle_ner.bundle import BundleManifest
from paddle_ner.environment import DISTRIBUTION, ONNX_ENGINES, PACKAGES, is_installed
from paddle_ner.errors import DeviceError, InputError
from paddle_ner.inference.engines import AUTO, Engine, EngineName, EngineOptions, Precision
from paddle_ner.machine import cpu_flags, usable_cores

logger = logging.getLogger(__name__)

# What each engine can be asked for, by the kind of device.
_PRECISIONS: dict[tuple[str, str], tuple[Precision, ...]] = {
    ("paddle", "cpu"): ("fp32", "bf16", "int8"),
    ("paddle", "gpu"): ("fp32", "fp16"),
    ("tensorrt", "gpu"): ("fp32", "fp16"),
    ("onnxruntime", "cpu"): ("fp32", "int8"),
    ("onnxruntime", "gpu"): ("fp32",),
    ("openvino", "cpu"): ("fp32", "bf16", "int8"),
}
BF16_FLAGS = frozenset(("avx512_bf16", "amx_bf16"))


def open_engine(folder: Path, manifest: BundleManifest, options: EngineOptions) -> Engine:
    """The engine of a verified bundle.

    Raises:
        InputError: the bundle has no graph for what is asked.
        DeviceError: the device, or the precision on it, cannot be had.
        BundleError: the graph does not fit the manifest.
    """
    engine, precision = choose(folder, manifest, options, cpu_flags())
    threads = options.threads
    if device_kind(options.device) != "cpu":
        threads = None
    elif threads is None:
        threads = usable_cores()
    options = replace(options, engine=engine, precision=precision, threads=threads)
    if engine == "onnxruntime":
        from paddle_ner.inference.engines.onnx import OnnxEngine

        return OnnxEngine(folder, manifest, options)
    if engine == "openvino":
        from paddle_ner.inference.engines.openvino import OpenVinoEngine

        return OpenVinoEngine(folder, manifest, options)
    from paddle_ner.inference.engines.paddle import PaddleEngine

    return PaddleEngine(folder, manifest, options)


def device_kind(device: str) -> str:
    """``cpu`` or ``gpu``. Raises DeviceError for anything but cpu, gpu and gpu:N."""
    kind, colon, number = device.partition(":")
    if kind not in ("cpu", "gpu") or (colon and not (kind == "gpu" and number.isdigit())):
        raise DeviceError(f"device {device!r} is unknown, expected cpu, gpu or gpu:N")
    return kind


def choose(
    folder: Path, manifest: BundleManifest, options: EngineOptions, flags: frozenset[str] | set[str]
) -> tuple[EngineName, Precision]:
    """What runs the bundle, and the precision of its arithmetic; `flags` are those of this machine's CPU.

    What was asked for by name is done or refused. ``auto`` takes what the manifest says was best; where this machine
    lacks it, that is Paddle at its best, or fp32, with a line in the log.

    Raises:
        InputError: the bundle has no graph for what is asked.
        DeviceError: the device, or the precision on it, cannot be had.
    """
    engine = _choose_engine(folder, manifest, options)
    return engine, _choose_precision(folder, manifest, options, engine, flags)


def _choose_engine(folder: Path, manifest: BundleManifest, options: EngineOptions) -> EngineName:
    if options.engine != AUTO:
        return options.engine
    tuning = manifest.tuning
    if tuning is None or device_kind(options.device) != "cpu" or options.precision not in (AUTO, tuning.precision):
        return "paddle"
    package = PACKAGES.get(tuning.engine)
    if package is not None and not is_installed(package.module):
        logger.warning(
            "%s: measured best with %s at %s, which is not installed here; it runs with Paddle: for %s,"
            " pip install '%s[%s]'",
            folder,
            package.title,
            tuning.precision,
            package.title,
            DISTRIBUTION,
            package.extra,
        )
        return "paddle"
    return tuning.engine


def _choose_precision(
    folder: Path,
    manifest: BundleManifest,
    options: EngineOptions,
    engine: EngineName,
    flags: frozenset[str] | set[str],
) -> Precision:
    kind = device_kind(options.device)
    possible = _PRECISIONS.get((engine, kind))
    if possible is None:
        other = "cpu" if kind == "gpu" else "gpu"
        raise DeviceError(f"engine {engine} does not run on {options.device}: add --device {other}")
    held = _held(manifest, engine)
    if not held:
        raise InputError(f"{folder}: holds no ONNX graph; make one with `paddle-ner export --target onnx`")
    asked = options.precision
    if asked == AUTO:
        tuning = manifest.tuning
        best = tuning.precision if tuning is not None and tuning.engine == engine else None
        wanted: Precision = best or manifest.precision
        if wanted == "bf16" and not flags & BF16_FLAGS and kind == "cpu":
            logger.warning("%s: measured best at bf16, which this CPU does not have; it runs at fp32", folder)
            return "fp32"
        if wanted in possible and wanted in held:
            return wanted
        if "fp32" not in held:
            raise InputError(f"{folder}: its graph is int8, which {engine} on {kind} cannot run from this bundle")
        logger.warning("%s: measured best at %s on a CPU; %s on %s runs it at fp32", folder, wanted, engine, kind)
        return "fp32"
    if asked not in possible:
        raise DeviceError(f"precision {asked} cannot be had with {engine} on {kind}, expected {', '.join(possible)}")
    if asked not in held:
        if engine in ONNX_ENGINES:
            raise InputError(
                f"{folder}: holds no {'int8' if asked == 'int8' else 'fp32'} ONNX graph; make one with"
                f" `paddle-ner export --target onnx{' --scales' if asked == 'int8' else ''}`"
            )
        has = "an int8 graph" if "int8" in held else "no int8 graph"
        other = "; its ONNX graph is: add --engine onnxruntime" if asked in manifest.onnx_files else ""
        raise InputError(f"{folder}: precision {asked} is asked for, but the bundle has {has}{other}")
    if asked == "bf16" and not flags & BF16_FLAGS:
        raise DeviceError("precision bf16 needs a CPU with avx512_bf16 or amx_bf16, which this one is not; use fp32")
    return asked


def runnable(manifest: BundleManifest, engine: EngineName, flags: frozenset[str] | set[str]) -> list[Precision]:
    """The precisions that a bundle can run at with `engine` on a CPU with `flags`; none where it has no such graph."""
    held = _held(manifest, engine)
    return [one for one in _PRECISIONS[engine, "cpu"] if one in held and (one != "bf16" or flags & BF16_FLAGS)]


def _held(manifest: BundleManifest, engine: EngineName) -> tuple[Precision, ...]:
    """The precisions that the bundle's graphs for `engine` can run at."""
    if engine in ONNX_ENGINES:
        held = tuple(manifest.onnx_files)
        return (*held, "bf16") if engine == "openvino" and "fp32" in held else held
    return ("int8",) if manifest.precision == "int8" else ("fp32", "bf16", "fp16")
