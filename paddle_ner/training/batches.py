"""Features in batches: what the encoder learns from, grouped by length, shared out between processes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from paddle.io import DistributedBatchSampler

from paddle_ner.features import windows
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.tasks import Task
from paddle_ner.types import Example

_POOL = 50  # batches that are sorted by length together: enough for little padding, few enough to stay random


@dataclass(frozen=True, slots=True)
class Row:
    """One training row.

    Attributes:
        ids: int64 of shape [length].
        target: what the task wants of it.
        place: the positions of its logits that answer for the text.
        answers: a teacher's logits there, [positions, outputs]; None where there is no teacher.
    """

    ids: NDArray[np.int64]
    target: NDArray[Any]
    place: slice = field(default_factory=lambda: slice(0, 0))
    answers: NDArray[Any] | None = None


def encode(
    examples: Sequence[Example], task: Task, tokenizer: Tokenizer, size: int, overlap: int
) -> tuple[list[Row], int]:
    """The rows of all windows of all examples, and how many annotations do not fall on token boundaries."""
    rows: list[Row] = []
    misaligned = 0
    for example in examples:
        encoded = windows.encode(example.text, tokenizer, size, overlap)
        targets, off = task.targets(example, encoded)
        misaligned += off
        rows.extend(_rows(encoded, targets, task))
    return rows, misaligned


def encode_texts(texts: Iterable[str], task: Task, tokenizer: Tokenizer, size: int, overlap: int) -> list[Row]:
    """The rows of texts without annotations."""
    rows: list[Row] = []
    for text in texts:
        encoded = windows.encode(text, tokenizer, size, overlap)
        rows.extend(_rows(encoded, task.unlabelled(encoded), task))
    return rows


def _rows(encoded: windows.Encoded, targets: Sequence[NDArray[Any]], task: Task) -> Iterator[Row]:
    for window, target in zip(encoded.windows, targets, strict=True):
        yield Row(window.ids, target, task.answered(window))


def fingerprint(rows: Sequence[Row], task: Task, dev: Sequence[Example]) -> str:
    """A sha256 that changes with the training data, the vocabulary, the labels or the dev data."""
    digest = hashlib.sha256(json.dumps([task.spec(), [example.to_dict() for example in dev]]).encode())
    for row in rows:
        digest.update(row.ids.tobytes())
        digest.update(row.target.tobytes())
    return digest.hexdigest()


def collate(rows: Sequence[Row], task: Task, pad_id: int, limit: int) -> dict[str, NDArray[Any]]:
    """``input_ids`` and ``token_type_ids`` of [batch, length], ``labels``, and ``counts``: positions of loss by row.

    Where the rows have a teacher's answers, also ``answers`` and ``counted`` as `Task.collate_answers` makes them, and
    every position that has an answer is one of loss. No row is longer than `limit`, the encoder's window.
    """
    length = min(-(-max(len(row.ids) for row in rows) // 8) * 8, limit)
    input_ids = np.full((len(rows), length), pad_id, dtype=np.int64)
    for target, row in zip(input_ids, rows, strict=True):
        target[: len(row.ids)] = row.ids
    labels = task.collate([row.target for row in rows], length)
    counts = np.array([task.count_targets(labels[i : i + 1]) for i in range(len(rows))], dtype=np.int64)
    batch = {"input_ids": input_ids, "token_type_ids": np.zeros_like(input_ids), "labels": labels, "counts": counts}
    answers = [row.answers for row in rows if row.answers is not None]
    if answers:
        batch["answers"], batch["counted"] = task.collate_answers(answers, [row.place for row in rows], length)
        batch["counts"] = batch["counted"].reshape(len(rows), -1).sum(axis=1).astype(np.int64)
    return batch


class BucketSampler(DistributedBatchSampler):  # type: ignore[misc]
    """Batches of like length, in an order that depends on seed and epoch alone.

    All processes draw the same global batches and each takes its own share, so that every row is seen exactly once an
    epoch. Rows that are left over for less than one row a process join the batch before.
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
            yield [int(row) for row in batches[index][self._rank :: self._world]]
