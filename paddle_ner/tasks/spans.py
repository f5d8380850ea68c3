"""Entities that may overlap: a score for each span of tokens and each label, on the host.

Efficient GlobalPointer (Su 2022, https://kexue.fm/archives/8877): the head ``span`` gives each token a query and a key,
and for each label a score as the beginning and as the end of an entity. The score of a span is the product of the query
of its first token and the key of its last token, both rotated by their position (RoPE, Su et al. 2021), plus the
label's scores at both ends. A span is an entity if its probability, the sigmoid of its score, reaches the threshold:
each is judged by itself.

Devices get a copy of this file, see `paddle_ner.export.edge.runtime`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WIDTH = 64  # size of a query and of a key
_SLOWEST = 10_000.0  # RoPE's base


def num_outputs(labels: int) -> int:
    """Columns of the head's logits: query, key, and for each label its score as beginning and as end."""
    return 2 * WIDTH + 2 * labels


def rotation(length: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cosine and sine of the angle by which each pair of numbers is rotated, [length, WIDTH / 2] each."""
    speeds = _SLOWEST ** (-np.arange(0, WIDTH, 2, dtype=np.float64) / WIDTH)
    angles = np.arange(length, dtype=np.float64)[:, None] * speeds
    return np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)


def scores(logits: NDArray[np.float32], owned: slice, labels: int) -> NDArray[np.float32]:
    """The score of each span that begins at an `owned` position of a window, [owned, length, labels].

    A span is given by its first and last position; it is minus infinity where it would end before it begins, or at
    [SEP].

    Args:
        logits: [length, outputs] of the window.
        owned: the positions at which spans begin.
        labels: the number of labels.
    """
    length = len(logits)
    cosine, sine = rotation(length)
    query = _turned(logits[owned, :WIDTH], cosine[owned], sine[owned])
    key = _turned(logits[:, WIDTH : 2 * WIDTH], cosine, sine)
    begins, ends = logits[owned, 2 * WIDTH : 2 * WIDTH + labels], logits[:, 2 * WIDTH + labels :]
    products = query @ key.T / np.float32(WIDTH**0.5)
    by_span: NDArray[np.float32] = products[:, :, None] + begins[:, None] + ends
    rows = np.arange(length)
    by_span[(rows < rows[owned, None]) | (rows == length - 1)] = -np.inf
    return by_span


def _turned(values: NDArray[np.float32], cosine: NDArray[np.float32], sine: NDArray[np.float32]) -> NDArray[np.float32]:
    even, odd = values[:, 0::2], values[:, 1::2]
    return np.concatenate([even * cosine - odd * sine, even * sine + odd * cosine], axis=1)
