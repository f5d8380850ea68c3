"""Labelled examples as features, and features as batches."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.features import windows
from paddle_ner.features.tokenizer import Tokenizer
from paddle_ner.tasks import Task
from paddle_ner.types import Example


@dataclass(frozen=True, slots=True)
class Features:
    """What is learned from one window of a text.

    Attributes:
        ids: int64 of shape [length].
        target: what the task wants the model to answer.
        place: the positions of the model's outputs that belong to the text.
        answers: a teacher's logits there, [positions, outputs]; None if there is no teacher.
    """

    ids: NDArray[np.int64]
    target: NDArray[Any]
    place: slice = field(default_factory=lambda: slice(0, 0))
    answers: NDArray[Any] | None = None


def encode(
    examples: Sequence[Example], task: Task, tokenizer: Tokenizer, layout: windows.Layout
) -> tuple[list[Features], int]:
    """The features of all windows of all examples, and how many annotations do not fall on token boundaries."""
    features: list[Features] = []
    misaligned = 0
    for example in examples:
        encoded = windows.encode(example.text, tokenizer, layout)
        targets, off = task.learning.targets(example, encoded)
        misaligned += off
        features.extend(_features(encoded, targets, task))
    return features, misaligned


def encode_texts(texts: Iterable[str], task: Task, tokenizer: Tokenizer, layout: windows.Layout) -> list[Features]:
    """The features of texts without annotations."""
    features: list[Features] = []
    for text in texts:
        encoded = windows.encode(text, tokenizer, layout)
        features.extend(_features(encoded, task.learning.unlabelled(encoded), task))
    return features


def _features(encoded: windows.Encoded, targets: Sequence[NDArray[Any]], task: Task) -> Iterator[Features]:
    for window, target in zip(encoded.windows, targets, strict=True):
        yield Features(window.ids, target, task.learning.answered(window))


def fingerprint(features: Sequence[Features], task: Task, dev: Sequence[Example]) -> str:
    """A sha256 that changes with the training data, the vocabulary, the labels or the dev data."""
    digest = hashlib.sha256(json.dumps([task.spec(), [example.to_dict() for example in dev]]).encode())
    for window in features:
        digest.update(window.ids.tobytes())
        digest.update(window.target.tobytes())
    return digest.hexdigest()


def collate(features: Sequence[Features], task: Task, pad_id: int, limit: int) -> dict[str, NDArray[Any]]:
    """``input_ids`` and ``token_type_ids`` of [batch, length], ``labels``, and ``counts``: positions of loss of each.

    With a teacher's answers, also ``answers`` and ``counted`` as `Learning.collate_answers` makes them; then each
    position with an answer counts for the loss. No window is longer than `limit`, the encoder's.
    """
    length = min(-(-max(len(window.ids) for window in features) // 8) * 8, limit)
    input_ids = np.full((len(features), length), pad_id, dtype=np.int64)
    for row, window in zip(input_ids, features, strict=True):
        row[: len(window.ids)] = window.ids
    labels = task.learning.collate([window.target for window in features], length)
    counts = np.array([task.learning.count_targets(labels[i : i + 1]) for i in range(len(features))], dtype=np.int64)
    batch = {"input_ids": input_ids, "token_type_ids": np.zeros_like(input_ids), "labels": labels, "counts": counts}
    answers = [window.answers for window in features if window.answers is not None]
    if answers:
        batch["answers"], batch["counted"] = task.learning.collate_answers(
            answers, [window.place for window in features], length
        )
        batch["counts"] = batch["counted"].reshape(len(features), -1).sum(axis=1).astype(np.int64)
    return batch
