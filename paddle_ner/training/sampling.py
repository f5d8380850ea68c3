"""Which windows make a batch: windows of similar length, divided between processes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from paddle.io import DistributedBatchSampler

_POOL = 50  # batches that are sorted by length together: enough for little padding, few enough to stay random


class BucketSampler(DistributedBatchSampler):  # type: ignore[misc]
    """Batches of windows of similar length, in an order that depends only on seed and epoch.

    All processes draw the same global batches and each takes its own share, so that every window is seen exactly once
    per epoch. If fewer windows than processes are left over, they join the previous batch.
    """

    def __init__(
        self, lengths: Sequence[int], batch_size: int, *, bucket: bool, seed: int, rank: int = 0, world: int = 1
    ) -> None:
        self._lengths = np.asarray(lengths)
        self._global_size = batch_size * world
        self.batch_size = batch_size
        self._bucket, self._seed, self._rank, self._world = bucket, seed, rank, world
        self.epoch = 0
        self._batches = max(1, -(-len(lengths) // self._global_size))
        if self._batches > 1 and 0 < len(lengths) % self._global_size < world:
            self._batches -= 1

    def set_epoch(self, epoch: int) -> None:
        """Choose the order; the Trainer calls it before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self._batches

    def __iter__(self) -> Iterator[list[int]]:
        random = np.random.default_rng([self._seed, self.epoch])
        order = random.permutation(len(self._lengths))
        if self._bucket:
            pool = _POOL * self._global_size
            pools = [order[start : start + pool] for start in range(0, len(order), pool)]
            order = np.concatenate([part[np.argsort(self._lengths[part], kind="stable")] for part in pools])
        cuts = [index * self._global_size for index in range(1, self._batches)]
        batches = np.split(order, cuts)
        for index in random.permutation(len(batches)):
            yield [int(window) for window in batches[index][self._rank :: self._world]]
