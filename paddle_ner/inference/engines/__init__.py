"""Engines: what runs the graph of a bundle. Each describes itself in a module of this folder, or of another package."""

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

AUTO: Literal["auto"] = "auto"  # what was measured to be best: the manifest says it


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What is asked of an engine.

    Attributes:
        engine: a name of `ENGINES`; ``auto`` is what the manifest says.
        device: ``cpu``, ``gpu`` or ``gpu:N``.
        precision: of the arithmetic; ``auto`` is the manifest's.
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
    """What an engine says of itself: ``ENGINE`` in its module, found in `ENGINES`.

    Attributes:
        name: what it is asked for by, such as ``--engine NAME``.
        title: what people call it.
        package: that it needs.
        graph: which graph of a bundle it runs: Paddle's own, or ONNX.
        precisions: of the arithmetic that it has, by the kind of device: ``cpu``, ``gpu``.
        open: makes it from the folder of a verified bundle, its manifest and options in which every choice is made.
        arithmetic: the precisions that a graph runs at, by the precision that the graph is written in.
        flags: CPU flags of which a precision needs one; none for those that every CPU has.
        replicas: whether its clones compute side by side. Without that a model has one engine.
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
        """The precisions of the bundle's graphs for this engine; empty where it has none."""
        if self.graph == "onnx":
            return set(manifest.onnx_files)
        return {"int8" if manifest.precision == "int8" else "fp32"}

    def possible(self, manifest: BundleManifest, kind: str) -> list[Precision]:
        """The precisions that the bundle's graphs can run at on a kind of device, whatever its CPU has."""
        written = {one for graph in self.held(manifest) for one in self.arithmetic.get(graph, ())}
        return [one for one in self.precisions.get(kind, ()) if one in written]

    def lacking(self, precision: Precision, kind: str, cpu_flags: Iterable[str]) -> list[str]:
        """The CPU flags of which `precision` needs one, where the CPU has none of them; else nothing."""
        needed = self.flags.get(precision, frozenset()) if kind == "cpu" else frozenset()
        return sorted(needed, reverse=True) if needed.isdisjoint(cpu_flags) else []


ENGINES: Registry[EngineDescription] = Registry("engine", __name__, "ENGINE", "paddle_ner.engines", EngineDescription)


def _known(name: str) -> str:
    if name != AUTO and name not in ENGINES:
        raise ValueError(f"{name!r} is unknown, expected one of {', '.join((AUTO, *ENGINES))}")
    return name


EngineChoice = Annotated[EngineName, AfterValidator(_known)]  # of what is installed here, or auto


def check_inputs(graph: Path, found: Iterable[str], manifest: BundleManifest) -> None:
    """Raise BundleError where the inputs that an engine `found` in `graph` are not those of the manifest."""
    names = list(found)
    if sorted(names) != sorted(manifest.inputs):
        raise BundleError(
            f"{graph}: its inputs are {', '.join(names)}, but the manifest names {', '.join(manifest.inputs)}"
        )


def check_outputs(graph: Path, count: int, manifest: BundleManifest) -> None:
    """Raise BundleError where `graph` does not give as many outputs as the manifest names, in the same order."""
    if count != len(manifest.outputs):
        raise BundleError(f"{graph}: it gives {count} outputs, but the manifest names {', '.join(manifest.outputs)}")


def feed(inputs: Iterable[str], input_ids: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """What each of a graph's `inputs` gets for a batch of ids: zeros, but ``input_ids``."""
    return {name: input_ids if name == "input_ids" else np.zeros_like(input_ids) for name in inputs}
