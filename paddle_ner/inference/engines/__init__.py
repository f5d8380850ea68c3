"""Engines, which run the graph of a bundle. Each describes itself in a module of this folder or of another package."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator

from paddle_ner.bundle import BundleManifest, EngineName, Precision
from paddle_ner.environment import Package
from paddle_ner.errors import BundleError, InputError
from paddle_ner.inference.protocols import Engine, EngineInfo
from paddle_ner.machine import BF16_FLAGS
from paddle_ner.registry import Registry

__all__ = [
    "AUTO",
    "ENGINES",
    "Engine",
    "EngineChoice",
    "EngineDescription",
    "EngineInfo",
    "EngineName",
    "EngineOptions",
    "Precision",
    "check_inputs",
    "check_outputs",
    "checked_count",
    "feed",
]

AUTO: Literal["auto"] = "auto"  # what was measured as the best, according to the manifest


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """The choice of an engine.

    Attributes:
        engine: a name of `ENGINES`; ``auto`` takes the manifest's.
        device: ``cpu``, ``gpu`` or ``gpu:N``.
        precision: precision of the arithmetic; ``auto`` takes the manifest's.
        threads: CPU threads of one engine; None takes all cores.

    Raises:
        InputError: `threads` is no whole number from 1 on.
    """

    engine: EngineName = AUTO
    device: str = "cpu"
    precision: Precision | Literal["auto"] = AUTO
    threads: int | None = None

    def __post_init__(self) -> None:
        checked_count("threads", self.threads)


def checked_count(name: str, count: int | None) -> int | None:
    """A count that was asked for, or None. Raises InputError where it is no whole number from 1 on."""
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise InputError(f"{name} is {count!r}, expected a whole number from 1 on")
    return count


@dataclass(frozen=True, slots=True)
class EngineDescription:
    """The description of an engine: ``ENGINE`` in its module, found in `ENGINES`.

    Attributes:
        name: its name in options, such as ``--engine NAME``.
        title: its name in messages.
        package: the package that it needs.
        graph: which graph of a bundle it runs: Paddle's own, or ONNX.
        precisions: the precisions that it supports, by kind of device: ``cpu``, ``gpu``.
        open: opens it, from the folder of a verified bundle, its manifest and options with every choice resolved.
        arithmetic: the precisions that a graph can run at, by the precision that the graph is written in.
        flags: CPU flags of which a precision needs at least one; precisions that every CPU supports have none.
        replicas: whether its clones can compute side by side. Otherwise a model has one engine.
    """

    name: EngineName
    title: str
    package: Package
    graph: Literal["paddle", "onnx"]
    precisions: Mapping[str, Sequence[Precision]]
    open: Callable[[Path, BundleManifest, EngineOptions], Engine]
    arithmetic: Mapping[Precision, Sequence[Precision]] = field(
        default_factory=lambda: {"fp32": ("fp32", "bf16", "fp16"), "int8": ("int8",)}
    )
    flags: Mapping[Precision, frozenset[str]] = field(default_factory=lambda: {"bf16": BF16_FLAGS})
    replicas: bool = True

    def held(self, manifest: BundleManifest) -> set[Precision]:
        """The precisions of the bundle's graphs for this engine; empty if it has none."""
        if self.graph == "onnx":
            return set(manifest.onnx_files)
        return {"int8" if manifest.precision == "int8" else "fp32"}

    def possible(self, manifest: BundleManifest, kind: str) -> list[Precision]:
        """The precisions that the bundle's graphs can run at on a kind of device, whatever its CPU has."""
        written = {precision for graph in self.held(manifest) for precision in self.arithmetic.get(graph, ())}
        return [precision for precision in self.precisions.get(kind, ()) if precision in written]

    def lacking(self, precision: Precision, kind: str, cpu_flags: Iterable[str]) -> list[str]:
        """The CPU flags of which `precision` needs one, if the CPU has none of them; otherwise nothing."""
        needed = self.flags.get(precision, frozenset()) if kind == "cpu" else frozenset()
        return sorted(needed, reverse=True) if needed.isdisjoint(cpu_flags) else []


ENGINES: Registry[EngineDescription] = Registry("engine", __name__, "ENGINE", "paddle_ner.engines", EngineDescription)


def _known(name: str) -> str:
    if name != AUTO and name not in ENGINES:
        raise ValueError(f"{name!r} is unknown, expected one of {', '.join((AUTO, *ENGINES))}")
    return name


EngineChoice = Annotated[EngineName, AfterValidator(_known)]  # an engine of this installation, or auto


def check_inputs(graph: Path, inputs: Iterable[str], manifest: BundleManifest) -> None:
    """Raise BundleError if the inputs that an engine read from `graph` are not those of the manifest."""
    names = list(inputs)
    if sorted(names) != sorted(manifest.inputs):
        raise BundleError(
            f"{graph}: its inputs are {', '.join(names)}, but the manifest names {', '.join(manifest.inputs)}"
        )


def check_outputs(graph: Path, count: int, manifest: BundleManifest) -> None:
    """Raise BundleError if `graph` does not have as many outputs as the manifest, in the same order."""
    if count != len(manifest.outputs):
        raise BundleError(f"{graph}: it gives {count} outputs, but the manifest names {', '.join(manifest.outputs)}")


def feed(inputs: Iterable[str], input_ids: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """The arrays for a graph's `inputs` for a batch of ids: zeros, except ``input_ids``."""
    return {name: input_ids if name == "input_ids" else np.zeros_like(input_ids) for name in inputs}
