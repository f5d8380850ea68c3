"""What a task learns: targets of windows, batches of them, and losses on the named outputs of a model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_ner.features.windows import Encoded, Window
from paddle_ner.tasks.decoding import Decoding
from paddle_ner.types import Example

IGNORED = -100
"""The target of a position that does not count in the loss."""


@dataclass(frozen=True)
class Learning(ABC):
    """How a model learns a task.

    Attributes:
        decoding: the decoding of the task, with its labels.
    """

    decoding: Decoding

    @abstractmethod
    def targets(self, example: Example, encoded: Encoded) -> tuple[list[NDArray[Any]], int]:
        """The target of each window, and how many annotations do not begin and end at token boundaries.

        An annotation that cuts through a token is learned as all tokens that it touches.
        """

    @abstractmethod
    def unlabelled(self, encoded: Encoded) -> list[NDArray[Any]]:
        """For each window of a text without annotations, a target in which no position counts in the loss."""

    @abstractmethod
    def collate(self, targets: Sequence[NDArray[Any]], length: int) -> NDArray[Any]:
        """The targets of a batch as one array, padded to `length` tokens where they are by token."""

    @abstractmethod
    def count_targets(self, targets: NDArray[Any]) -> int:
        """Positions of a collated batch that count in the loss."""

    def counted(self, targets: Any) -> Any:
        """Ones where a position of collated targets counts in the loss, else zeros (Paddle tensors in and out)."""
        return (targets != IGNORED).astype("float32")

    @abstractmethod
    def loss_sum(self, outputs: Mapping[str, Any], targets: Any) -> Any:
        """The loss summed over all positions that count (paddle tensors in and out)."""

    @abstractmethod
    def answered(self, window: Window) -> slice:
        """The positions of a window's logits, [positions, outputs], whose answers count for the text."""

    @abstractmethod
    def collate_answers(
        self, answers: Sequence[NDArray[Any]], places: Sequence[slice], length: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A teacher's logits as one array of the shape of this model's, and a mask of where there are any.

        Args:
            answers: the teacher's logits for each window, [positions, outputs].
            places: the positions that they belong to, from `answered`.
            length: tokens of the padded batch.

        Returns:
            [batch, length, outputs] and [batch, length]; without the axis of length where a text has one answer.
        """

    @abstractmethod
    def soft_loss_sum(self, outputs: Mapping[str, Any], answers: Any, counted: Any, temperature: float) -> Any:
        """Cross entropy with the teacher's softened probabilities, summed over the counted positions.

        It is multiplied by the square of the temperature, so that the size of its gradient does not depend on the
        temperature (Hinton et al. 2015). `answers` and `counted` are tensors in the shapes of `collate_answers`.
        """


def soft_cross_entropy(logits: Any, answers: Any, counted: Any, temperature: float) -> Any:
    """Cross entropy between two softened distributions over the last axis, summed where `counted` is one."""
    from paddle.nn.functional import log_softmax, softmax

    losses = -(softmax(answers / temperature) * log_softmax(logits / temperature)).sum(axis=-1)
    return (losses * counted).sum() * temperature**2
