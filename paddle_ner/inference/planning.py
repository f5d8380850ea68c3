"""Which windows go through the engine together: neighbours in length, up to a budget of padded tokens."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Rows are padded to one of these lengths: few shapes mean few oneDNN primitives and TensorRT profiles.
LENGTHS = (16, 32, 48, 64, 96, 128, 192, 256, 384, 512)


def padded_length(length: int) -> int:
    """The number of tokens that a row of `length` tokens is padded to."""
    return next((bucket for bucket in LENGTHS if length <= bucket), -(-length // 512) * 512)


def plan(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Indices into `lengths`, in batches of at most `budget` padded tokens (at least one row a batch)."""
    batches: list[list[int]] = []
    rows = 0
    for index in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if not batches or (rows + 1) * padded_length(lengths[index]) > budget:
            batches.append([])
            rows = 0
        batches[-1].append(index)
        rows += 1
    return batches


def pad(rows: Sequence[NDArray[np.int64]], pad_id: int, limit: int) -> NDArray[np.int64]:
    """int64 of shape [rows, padded length], where no row is longer than `limit`, the encoder's window."""
    length = min(padded_length(max(len(row) for row in rows)), limit)
    batch = np.full((len(rows), length), pad_id, dtype=np.int64)
    for target, row in zip(batch, rows, strict=True):
        target[: len(row)] = row
    return batch
