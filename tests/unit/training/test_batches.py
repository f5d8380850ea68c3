from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from paddle_ner import tasks
from paddle_ner.training.batches import BucketSampler, Row, collate, fingerprint
from paddle_ner.types import Example

LENGTHS = st.lists(st.integers(2, 60), min_size=4, max_size=200)


def shares(lengths: list[int], batch: int, world: int, epoch: int = 0, bucket: bool = True) -> list[list[list[int]]]:
    samplers = [BucketSampler(lengths, batch, bucket=bucket, seed=3, rank=rank, world=world) for rank in range(world)]
    for sampler in samplers:
        sampler.set_epoch(epoch)
    return [list(sampler) for sampler in samplers]


@given(LENGTHS, st.integers(1, 8), st.integers(1, 4), st.booleans())
def test_every_row_is_seen_once_an_epoch_and_no_process_stays_without(lengths, batch, world, bucket) -> None:
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


def test_a_batch_is_padded_to_a_multiple_of_eight() -> None:
    task = tasks.create("ner", ["LOC"])
    rows = [
        Row(np.array([2, 7, 3]), np.array([-100, 1, -100])),
        Row(np.array([2, 7, 8, 3]), np.array([-100, 1, 2, -100])),
    ]
    batch = collate(rows, task, pad_id=0, limit=24)
    assert batch["input_ids"].shape == batch["labels"].shape == (2, 8)
    assert batch["input_ids"][0].tolist() == [2, 7, 3, 0, 0, 0, 0, 0]
    assert batch["counts"].tolist() == [1, 2]


def test_a_batch_is_not_padded_beyond_the_window() -> None:
    row = Row(np.arange(18), np.zeros(18, dtype=np.int64))
    assert collate([row], tasks.create("ner", ["LOC"]), pad_id=0, limit=20)["input_ids"].shape == (1, 20)


def test_the_fingerprint_changes_with_ids_targets_labels_and_dev() -> None:
    task = tasks.create("ner", ["LOC"])
    row, dev = Row(np.array([2, 7, 3]), np.array([-100, 1, -100])), [Example("北京", entities=())]
    prints = {
        fingerprint([row], task, dev),
        fingerprint([Row(np.array([2, 8, 3]), row.target)], task, dev),
        fingerprint([Row(row.ids, np.array([-100, 2, -100]))], task, dev),
        fingerprint([row], tasks.create("ner", ["PER"]), dev),
        fingerprint([row], task, []),
    }
    assert len(prints) == 5
    assert fingerprint([row], task, dev) in prints
