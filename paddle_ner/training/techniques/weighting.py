"""Losses in which labels count differently: rare labels more, or labels that the model still misses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.tasks import IGNORED, Task
from paddle_ner.tasks.class_learning import MultiLabelLearning
from paddle_ner.training.batches import Features
from paddle_ner.training.jobs.base import Loss


def weighted_loss(task: Task, features: Sequence[Features], *, balanced: bool, focal: float) -> Loss:
    """The cross entropy of the labels, each position multiplied by two factors, and summed as the task's own is.

    Args:
        task: its outputs are tags, a class, or several labels that are scored independently.
        features: the features of the training data, whose labels are counted.
        balanced: one factor is the weight of the position's label, see `balanced_weights`.
        focal: gamma of the other, (1 - p)^gamma, where p is the probability of what is right (Lin et al. 2017); with 0
            it is 1.
    """
    several = isinstance(task.learning, MultiLabelLearning)
    targets = [window.target for window in features]
    counts = label_counts(targets) if several else tag_counts(targets, task.num_outputs)
    weights = (balanced_weights(counts) if balanced else np.ones_like(counts)).astype(np.float32)
    of_labels = _labels_sum if several else _tags_sum
    return lambda outputs, batch: of_labels(outputs, batch["labels"], weights, focal)


def tag_counts(targets: Sequence[NDArray[Any]], outputs: int) -> NDArray[np.float64]:
    """How often each tag or class is right: [outputs]."""
    every = np.concatenate([target.reshape(-1) for target in targets])
    counts: NDArray[np.float64] = np.bincount(every[every != IGNORED], minlength=outputs).astype(np.float64)
    return counts


def label_counts(targets: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    """How many windows are without each label, and how many have it: [labels, 2]."""
    every = np.stack(targets)
    labelled: NDArray[np.float64] = every[every[:, 0] != IGNORED].astype(np.float64)
    having = labelled.sum(axis=0)
    return np.stack([len(labelled) - having, having], axis=-1)


def balanced_weights(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights by which each choice along the last axis counts alike in sum, and the mean over all positions is 1.

    A choice that was right n times of N, among K that occur, has N / (K · n), as in scikit-learn; one that does not
    occur has 1.
    """
    occurring = (counts > 0).sum(axis=-1, keepdims=True)
    weights: NDArray[np.float64] = np.where(
        counts > 0, counts.sum(axis=-1, keepdims=True) / (np.maximum(occurring, 1) * np.maximum(counts, 1)), 1.0
    )
    return weights


def _tags_sum(outputs: Mapping[str, Any], targets: Any, weights: NDArray[np.float32], focal: float) -> Any:
    import paddle
    from paddle.nn.functional import log_softmax

    right = targets.reshape([-1, 1])
    counted = right != IGNORED
    right = paddle.where(counted, right, paddle.zeros_like(right))
    scores = log_softmax(outputs["logits"].reshape([-1, len(weights)]), axis=-1).take_along_axis(right, 1)
    factors = paddle.to_tensor(weights)[right.squeeze(-1)].unsqueeze(-1) * counted.astype("float32")
    return -(factors * _focused(scores, focal)).sum()


def _labels_sum(outputs: Mapping[str, Any], targets: Any, weights: NDArray[np.float32], focal: float) -> Any:
    import paddle
    from paddle.nn.functional import log_sigmoid

    absent, present = paddle.to_tensor(weights).unbind(-1)
    counted, having = (targets != IGNORED).astype("float32"), targets == 1
    scores = log_sigmoid(paddle.where(having, outputs["logits"], -outputs["logits"]))
    factors = paddle.where(having, present, absent) * counted
    return -(factors * _focused(scores, focal)).sum() / len(weights)


def _focused(scores: Any, gamma: float) -> Any:
    """Logarithms of probabilities p, each multiplied by (1 - p)^gamma."""
    if gamma == 0:
        return scores
    missed = (1 - scores.exp()).clip(min=1e-7)  # at 0 a power below 1 has no finite gradient
    return scores * missed**gamma
