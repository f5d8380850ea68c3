"""Chooses the engine that runs a bundle, or refuses and says why."""

from __future__ import annotations

import logging
from collections.abc import Set
from dataclasses import replace
from pathlib import Path

from paddle_ner.bundle import BundleManifest
from paddle_ner.environment import is_installed, require
from paddle_ner.errors import DeviceError, InputError
from paddle_ner.inference.engines import AUTO, ENGINES, Engine, EngineDescription, EngineName, EngineOptions, Precision
from paddle_ner.machine import cpu_flags, usable_cores

logger = logging.getLogger(__name__)

_DEFAULT = "paddle"  # can run every bundle


def open_engine(folder: Path, manifest: BundleManifest, options: EngineOptions) -> Engine:
    """The engine of a verified bundle.

    Raises:
        InputError: there is no such engine, or the bundle has no graph for it.
        MissingPackageError: the engine's package is not installed.
        DeviceError: the device, or the precision on it, is not available.
        BundleError: the graph does not fit the manifest.
    """
    name, precision = choose(folder, manifest, options, cpu_flags())
    threads = options.threads
    if device_kind(options.device) != "cpu":
        threads = None
    elif threads is None:
        threads = usable_cores()
    engine = ENGINES[name]
    require(engine.package, needed_for=f"the engine {name}")
    return engine.open(folder, manifest, replace(options, engine=name, precision=precision, threads=threads))


def device_kind(device: str) -> str:
    """``cpu`` or ``gpu``. Raises DeviceError for anything but cpu, gpu and gpu:N."""
    kind, colon, number = device.partition(":")
    if kind not in ("cpu", "gpu") or (colon and not (kind == "gpu" and number.isdigit())):
        raise DeviceError(f"device {device!r} is unknown, expected cpu, gpu or gpu:N")
    return kind


def choose(
    folder: Path, manifest: BundleManifest, options: EngineOptions, flags: Set[str]
) -> tuple[EngineName, Precision]:
    """The engine that runs the bundle, and its precision; `flags` are those of this machine's CPU.

    An engine or precision that is named is used or refused. ``auto`` takes the manifest's best; if this machine does
    not have it, Paddle at its best precision or at fp32, with a line in the log.

    Raises:
        InputError: there is no such engine, or the bundle has no graph for it.
        DeviceError: the device, or the precision on it, is not available.
    """
    engine = ENGINES[_choose_engine(folder, manifest, options)]
    kind = device_kind(options.device)
    if kind not in engine.precisions:
        other = "cpu" if kind == "gpu" else "gpu"
        raise DeviceError(f"engine {engine.name} does not run on {options.device}: add --device {other}")
    if not engine.held(manifest):
        raise InputError(f"{folder}: holds no ONNX graph; make one with `paddle-ner export --target onnx`")
    if options.precision == AUTO:
        return engine.name, _best_precision(folder, manifest, engine, kind, flags)
    _check_precision(folder, manifest, engine, kind, options.precision, flags)
    return engine.name, options.precision


def runnable(manifest: BundleManifest, name: EngineName, flags: Set[str]) -> list[Precision]:
    """The precisions that a bundle can run at in an engine on a CPU with `flags`; empty without a graph for it."""
    engine = ENGINES[name]
    return [precision for precision in engine.possible(manifest, "cpu") if not engine.lacking(precision, "cpu", flags)]


def _choose_engine(folder: Path, manifest: BundleManifest, options: EngineOptions) -> EngineName:
    if options.engine != AUTO:
        return options.engine
    tuning = manifest.tuning
    if tuning is None or device_kind(options.device) != "cpu" or options.precision not in (AUTO, tuning.precision):
        return _DEFAULT
    best = ENGINES.get(tuning.engine)
    if best is not None and is_installed(best.package.module):
        return best.name
    title = best.title if best is not None else f"the engine {tuning.engine}"
    remedy = f": for {title}, pip install '{best.package.requirement}'" if best is not None else ""
    logger.warning(
        "%s: measured best with %s at %s, which is not installed here; it runs with Paddle%s",
        folder,
        title,
        tuning.precision,
        remedy,
    )
    return _DEFAULT


def _best_precision(
    folder: Path, manifest: BundleManifest, engine: EngineDescription, kind: str, flags: Set[str]
) -> Precision:
    """The best precision according to the manifest, or fp32 if this engine or machine does not support it."""
    tuning = manifest.tuning
    measured = tuning.precision if tuning is not None and tuning.engine == engine.name else None
    wanted: Precision = measured or manifest.precision
    possible = engine.possible(manifest, kind)
    if wanted in possible and not engine.lacking(wanted, kind, flags):
        return wanted
    if "fp32" not in possible:
        raise InputError(f"{folder}: its graph is int8, which {engine.name} on {kind} cannot run from this bundle")
    if engine.lacking(wanted, kind, flags):
        logger.warning("%s: measured best at %s, which this CPU does not have; it runs at fp32", folder, wanted)
    else:
        logger.warning("%s: measured best at %s on a CPU; %s on %s runs it at fp32", folder, wanted, engine.name, kind)
    return "fp32"


def _check_precision(
    folder: Path, manifest: BundleManifest, engine: EngineDescription, kind: str, asked: Precision, flags: Set[str]
) -> None:
    """Raise InputError or DeviceError if the bundle cannot run at the precision that was asked for."""
    known = engine.precisions[kind]
    if asked not in known:
        raise DeviceError(f"precision {asked} cannot be had with {engine.name} on {kind}, expected {', '.join(known)}")
    if asked not in engine.possible(manifest, kind):
        if engine.graph == "onnx":
            raise InputError(
                f"{folder}: holds no {'int8' if asked == 'int8' else 'fp32'} ONNX graph; make one with"
                f" `paddle-ner export --target onnx{' --scales' if asked == 'int8' else ''}`"
            )
        has = "an int8 graph" if "int8" in engine.held(manifest) else "no int8 graph"
        other = "; its ONNX graph is: add --engine onnxruntime" if asked in manifest.onnx_files else ""
        raise InputError(f"{folder}: precision {asked} is asked for, but the bundle has {has}{other}")
    if needed := engine.lacking(asked, kind, flags):
        raise DeviceError(f"precision {asked} needs a CPU with {' or '.join(needed)}, which this one is not; use fp32")
