from __future__ import annotations

import numpy as np

from paddle_ner import tasks
from paddle_ner.training.batches import Features, collate, fingerprint
from paddle_ner.types import Example


def test_a_batch_is_padded_to_a_multiple_of_eight() -> None:
    task = tasks.create("ner", ["LOC"])
    features = [
        Features(np.array([2, 7, 3]), np.array([-100, 1, -100])),
        Features(np.array([2, 7, 8, 3]), np.array([-100, 1, 2, -100])),
    ]
    batch = collate(features, task, pad_id=0, limit=24)
    assert batch["input_ids"].shape == batch["labels"].shape == (2, 8)
    assert batch["input_ids"][0].tolist() == [2, 7, 3, 0, 0, 0, 0, 0]
    assert batch["counts"].tolist() == [1, 2]


def test_a_batch_is_not_padded_beyond_the_window() -> None:
    window = Features(np.arange(18), np.zeros(18, dtype=np.int64))
    assert collate([window], tasks.create("ner", ["LOC"]), pad_id=0, limit=20)["input_ids"].shape == (1, 20)


def test_the_fingerprint_changes_with_ids_targets_labels_and_dev() -> None:
    task = tasks.create("ner", ["LOC"])
    window, dev = Features(np.array([2, 7, 3]), np.array([-100, 1, -100])), [Example("北京", entities=())]
    prints = {
        fingerprint([window], task, dev),
        fingerprint([Features(np.array([2, 8, 3]), window.target)], task, dev),
        fingerprint([Features(window.ids, np.array([-100, 2, -100]))], task, dev),
        fingerprint([window], tasks.create("ner", ["PER"]), dev),
        fingerprint([window], task, []),
    }
    assert len(prints) == 5
    assert fingerprint([window], task, dev) in prints
