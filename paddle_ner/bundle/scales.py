"""The scales of every matrix product with a weight, from a calibration, for any engine that runs it in int8."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.errors import BundleError, InputError

SCHEMA_VERSION = 1
FILE = "quantization.json"
LARGEST = 127  # the int8 that a threshold stands for
_SHA256_DIGITS = 64


@dataclass(frozen=True, slots=True)
class MatmulScales:
    """Thresholds of a matrix product ``input @ weight``: the largest magnitudes that int8 can represent.

    Attributes:
        weight_sha256: `weight_hash` of the fp32 weight in the exported fp32 graph.
        activation: the value of the input that int8 127 stands for; larger values are clipped to it.
        weight: the same for the weight: one value for all of it, or one for each output column.
    """

    weight_sha256: str
    activation: float
    weight: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.weight_sha256) != _SHA256_DIGITS:
            raise InputError(f"weight_sha256 {self.weight_sha256!r} is no sha256 of {_SHA256_DIGITS} digits")
        if not self.weight or not all(math.isfinite(value) and value > 0 for value in (self.activation, *self.weight)):
            raise InputError(f"weight {self.weight_sha256[:12]}: a threshold is missing, or not finite and above 0")


def weight_hash(weight: NDArray[np.float32]) -> str:
    """Sha256 of a weight's content: float32 of shape [in, out], little-endian in C order. Names may change."""
    return hashlib.sha256(np.ascontiguousarray(weight, dtype="<f4").tobytes()).hexdigest()


def write_scales(path: Path, scales: Sequence[MatmulScales]) -> None:
    """Write `scales` as JSON, with exact floats."""
    record = {"schema_version": SCHEMA_VERSION, "matmuls": [dataclasses.asdict(scale) for scale in scales]}
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def read_scales(path: Path) -> list[MatmulScales]:
    """Read what `write_scales` wrote. Raises BundleError, naming the file, for anything else."""
    try:
        record: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleError(f"{path}: no such file; `paddle-ner compress` writes it into the int8 bundle") from None
    except (OSError, ValueError, RecursionError) as error:
        raise BundleError(f"{path}: cannot be read as JSON: {error}") from None
    version = record.get("schema_version") if isinstance(record, dict) else None
    if version != SCHEMA_VERSION:
        raise BundleError(f"{path}: schema version {version}, expected {SCHEMA_VERSION}; quantize again")
    try:
        return [
            MatmulScales(str(matmul["weight_sha256"]), float(matmul["activation"]), tuple(map(float, matmul["weight"])))
            for matmul in record["matmuls"]
        ]
    except (KeyError, TypeError, ValueError, InputError) as error:
        raise BundleError(f"{path}: matmuls: not the scales of paddle-ner: {error}") from None
