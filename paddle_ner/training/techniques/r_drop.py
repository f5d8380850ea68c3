"""R-Drop (Liang et al. 2021): each window is read twice, with dropout of its own, and both answers should be alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paddle_ner.tasks import Task
from paddle_ner.training.jobs.base import Loss

COPIES = 2  # how often a window is read


def r_drop(loss: Loss, task: Task, weight: float) -> Loss:
    """The loss of a batch that was read twice: the mean of `loss` over both readings, plus what they differ in.

    That is `weight` times the mean of the Kullback-Leibler divergences between them in both directions, summed over the
    positions that count, as `loss` is: of the distributions over tags or classes, or, for several labels, averaged over
    the labels.

    Args:
        loss: the loss of one reading.
        task: what is learned.
        weight: alpha of the paper.
    """

    def of_both(outputs: Mapping[str, Any], batch: Mapping[str, Any]) -> Any:
        first, second = ({name: values.chunk(COPIES)[i] for name, values in outputs.items()} for i in range(COPIES))
        counted = batch["counted"] if "counted" in batch else task.learning.counted(batch["labels"])

        def crossed(answers: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
            return task.learning.soft_loss_sum(given, answers["logits"], counted, temperature=1.0)

        apart = crossed(first, second) - crossed(first, first) + crossed(second, first) - crossed(second, second)
        return (loss(first, batch) + loss(second, batch) + weight * apart) / 2

    return of_both
