"""What an update minimizes: the labels alone, or a teacher's answers beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from paddle_ner.config import DistillationConfig
from paddle_ner.tasks import Task

# From logits and the rest of a batch, as `batches.collate` makes it, to the loss summed over all positions that count.
Loss = Callable[[Any, Mapping[str, Any]], Any]


def of_labels(task: Task) -> Loss:
    """The task's own loss."""
    return lambda logits, batch: task.loss_sum(logits, batch["labels"])


def of_teacher(task: Task, config: DistillationConfig) -> Loss:
    """The teacher's answers and, where there are labels, the labels: see `DistillationConfig`."""

    def loss(logits: Any, batch: Mapping[str, Any]) -> Any:
        soft = task.soft_loss_sum(logits, batch["answers"], batch["counted"], config.temperature)
        if config.weight == 1:
            return soft
        return config.weight * soft + (1 - config.weight) * task.loss_sum(logits, batch["labels"])

    return loss
