from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner.training.sampling import BucketSampler

LENGTHS = st.lists(st.integers(2, 60), min_size=4, max_size=200)


def shares(lengths: list[int], batch: int, world: int, epoch: int = 0, bucket: bool = True) -> list[list[list[int]]]:
    samplers = [BucketSampler(lengths, batch, bucket=bucket, seed=3, rank=rank, world=world) for rank in range(world)]
    for sampler in samplers:
        sampler.set_epoch(epoch)
    return [list(sampler) for sampler in samplers]


@given(LENGTHS, st.integers(1, 8), st.integers(1, 4), st.booleans())
def test_every_row_is_seen_once_an_epoch_and_no_process_stays_without(
    lengths: list[int], batch: int, world: int, bucket: bool
) -> None:
    parts = shares(lengths, batch, world, bucket=bucket)
    assert sorted(row for part in parts for rows in part for row in rows) == list(range(len(lengths)))
    assert {len(part) for part in parts} == {len(BucketSampler(lengths, batch, bucket=bucket, seed=3, world=world))}
    assert all(rows for part in parts for rows in part)


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    lengths = list(range(2, 100))
    assert shares(lengths, 8, 2, epoch=1) == shares(lengths, 8, 2, epoch=1)
    assert shares(lengths, 8, 2, epoch=1) != shares(lengths, 8, 2, epoch=2)


def test_processes_together_see_the_batches_that_one_would() -> None:
    lengths = list(np.random.default_rng(0).integers(2, 50, size=96))
    first, second = shares(lengths, 8, 2)
    (alone,) = shares(lengths, 16, 1)
    assert [sorted(a + b) for a, b in zip(first, second, strict=True)] == [sorted(rows) for rows in alone]


def test_buckets_need_less_padding() -> None:
    lengths = list(np.random.default_rng(0).integers(2, 100, size=512))

    def padded(bucket: bool) -> int:
        return sum(len(rows) * max(lengths[row] for row in rows) for rows in shares(lengths, 16, 1, bucket=bucket)[0])

    assert padded(True) < 0.7 * padded(False)
