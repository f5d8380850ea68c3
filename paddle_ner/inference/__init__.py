"""Running a model: engines, batch planning, Predictor. Imports neither PaddleNLP nor PaddleSlim."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

from paddle_ner.bundle import is_bundle, load_tokenizer, read_bundle_manifest, verify
from paddle_ner.errors import BundleError, InputError
from paddle_ner.inference.engines import AUTO, EngineInfo, EngineName, EngineOptions, Precision
from paddle_ner.inference.engines.open import choose, device_kind, open_engine
from paddle_ner.inference.layout import asked_for, usable_cores
from paddle_ner.inference.planning import multiple_for
from paddle_ner.inference.predictor import Predictor
from paddle_ner.machine import cpu_flags

__all__ = [
    "EngineInfo",
    "EngineName",
    "EngineOptions",
    "Precision",
    "Predictor",
    "load",
    "load_bundle",
    "load_replicas",
]


def load(
    model: str | Path,
    *,
    engine: EngineName | Literal["auto"] = AUTO,
    device: str = "cpu",
    precision: Precision | Literal["auto"] = AUTO,
    threads: int | None = None,
) -> Predictor:
    """A predictor over a bundle or a checkpoint; the keywords are those of `EngineOptions`.

    Args:
        model: folder of a bundle, or of a checkpoint, which needs the extra ``train`` and has no choice but the device.
        engine: what runs the graph; ``auto`` is what the bundle says.
        device: ``cpu``, ``gpu`` or ``gpu:N``.
        precision: of the arithmetic; ``auto`` is the bundle's own.
        threads: CPU threads; None takes all cores.

    Raises:
        InputError: there is no such folder, or a checkpoint is asked for what only a bundle has.
        BundleError: a file is missing, damaged, or does not fit the others.
        DeviceError: the device, or the precision on it, cannot be had.
    """
    options = EngineOptions(engine, device, precision, threads)
    folder = Path(model)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder, expected a bundle or a checkpoint")
    if is_bundle(folder):
        return load_bundle(folder, options)
    from paddle_ner.inference.engines.dynamic import load_engine
    from paddle_ner.modeling import Checkpoint

    checkpoint = Checkpoint.open(folder)
    for name, chosen in (
        ("threads", options.threads is not None),
        ("engine", options.engine not in (AUTO, "paddle")),
        ("precision", options.precision not in (AUTO, "fp32")),
    ):
        if chosen:
            raise InputError(f"{folder}: {name} can be chosen for a bundle only; export the checkpoint first")
    return Predictor(checkpoint.manifest, checkpoint.tokenizer, load_engine(checkpoint, options.device))


def load_replicas(model: str | Path, options: EngineOptions, replicas: int | None = None) -> list[Predictor]:
    """Predictors over the same weights, each for a thread of its own; raises as `load`.

    Args:
        model: folder of a bundle or of a checkpoint.
        options: of each engine.
        replicas: how many; with None for it and for the threads, see `paddle_ner.inference.layout.chosen`.
    """
    folder = Path(model)
    if is_bundle(folder):
        manifest = read_bundle_manifest(folder)
        if device_kind(options.device) == "cpu":
            engine, precision = choose(folder, manifest, options, cpu_flags())
            layout = asked_for(manifest, usable_cores(), replicas, options.threads, engine, precision)
            options = replace(options, engine=engine, precision=precision, threads=layout.threads)
            replicas = layout.replicas
    first = load(folder, **asdict(options))
    return [first, *(first.clone() for _ in range(1, replicas or 1))]


def load_bundle(folder: Path, options: EngineOptions | None = None) -> Predictor:
    """A predictor over a verified bundle."""
    manifest = verify(folder)
    engine = open_engine(folder, manifest, options or EngineOptions())
    predictor = Predictor(manifest, load_tokenizer(folder), engine, multiple_for(engine.info.precision))
    outputs = predictor.run(predictor.encode("").windows)[0].shape[-1]
    expected = predictor.task.num_outputs
    if outputs != expected:
        raise BundleError(
            f"{folder / manifest.graph}: it gives {outputs} logits, but the labels in manifest.json make {expected}"
        )
    return predictor
