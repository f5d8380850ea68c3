"""Which windows go through the engine together: neighbours in length, up to a budget of padded tokens."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Windows are padded to one of these lengths: few shapes mean few oneDNN primitives and TensorRT profiles. Short lengths
# are close together, since eight tokens of padding are a large part of a short text.
LENGTHS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 192, 256, 384, 512)
# Batches have one of these numbers of windows, for the same reason; the others go into the next batch.
ROWS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)


def multiple_for(precision: str) -> int:
    """The number of tokens of which lengths should be a multiple.

    At bf16 a batch of 8 x 24 tokens took as long as one of 8 x 32, in Paddle and in OpenVINO, and fewer lengths make
    fuller batches.
    """
    return 16 if precision == "bf16" else 8


def padded_length(length: int, multiple: int = 8) -> int:
    """The length that a window of `length` tokens is padded to: the next of `LENGTHS` that `multiple` divides."""
    return next((padded for padded in LENGTHS if length <= padded and padded % multiple == 0), -(-length // 512) * 512)


def whole_rows(rows: int) -> int:
    """The largest number of `ROWS` that is at most `rows`, which is at least 1."""
    return ROWS[bisect_right(ROWS, rows) - 1]


def plan(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Indices into `lengths`, in batches of at most `budget` padded tokens and at least one window."""
    batches: list[list[int]] = []
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    start = 0
    while start < len(order):
        end = start + 1
        while end < len(order) and (end + 1 - start) * padded_length(lengths[order[end]]) <= budget:
            end += 1
        end = start + whole_rows(end - start)
        batches.append(order[start:end])
        start = end
    return batches


def pad(rows: Sequence[NDArray[np.int64]], pad_id: int, limit: int, multiple: int = 8) -> NDArray[np.int64]:
    """The ids as int64 of shape [windows, padded length], which is at most `limit`, the encoder's window."""
    length = min(padded_length(max(len(row) for row in rows), multiple), limit)
    batch = np.full((len(rows), length), pad_id, dtype=np.int64)
    for target, row in zip(batch, rows):
        target[: len(row)] = row
    return batch
