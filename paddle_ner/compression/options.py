"""The options of a compression, and the candidates that follow from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from paddle_ner.bundle import Storage
from paddle_ner.bundle.compression import Plan
from paddle_ner.errors import InputError
from paddle_ner.inference.engines import Precision
from paddle_ner.inference.engines.open import device_kind
from paddle_ner.machine import BF16_FLAGS

MAX_DROP = 0.01  # in F1 or accuracy, from 0 to 1
MAX_LABEL_DROP = 0.05
BUDGET_MINUTES = 15.0

Asked = Literal["auto", "int8", "bf16"]


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a compression.

    Attributes:
        precision: ``auto``: int8, bf16 and fp16 if the device has them; or only one of them.
        device: ``cpu``, or ``gpu``, where fp16 is the only candidate.
        budget_minutes: no further candidate is started after that; the first int8 candidate always is.
        max_drop: how far below fp32 the score may be.
        max_label_drop: the same for the F1 of any label.
        allow_slower: accept the best candidate even if fp32 is faster on this machine.
        embeddings: how embedding tables are stored.
        plans: quantizations to try instead of `plans.promising`.
    """

    precision: Asked = "auto"
    device: str = "cpu"
    budget_minutes: float = BUDGET_MINUTES
    max_drop: float = MAX_DROP
    max_label_drop: float = MAX_LABEL_DROP
    allow_slower: bool = False
    embeddings: Storage = "fp32"
    plans: Sequence[Plan] | None = None


def rivals(asked: Asked, device: str, flags: frozenset[str]) -> tuple[list[Precision], bool]:
    """Precisions of the fp32 graph to measure beside fp32, and whether int8 graphs are searched.

    Raises:
        InputError: the named precision is not available on this device.
    """
    if device_kind(device) == "gpu":
        if asked != "auto":
            raise InputError(
                f"precision {asked} cannot be had on {device} from a bundle; leave --precision out for fp16"
            )
        return ["fp16"], False
    if asked == "bf16" and not flags & BF16_FLAGS:
        raise InputError("precision bf16 needs a CPU with avx512_bf16 or amx_bf16, which this one is not; use int8")
    halves: list[Precision] = ["bf16"] if flags & BF16_FLAGS and asked != "int8" else []
    return halves, asked != "bf16"
