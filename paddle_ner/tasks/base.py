"""What differs between the tasks, and nothing else.

Training, evaluation, export, prediction and serving are written once, against `Task`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from paddle_ner.features.windows import Encoded
from paddle_ner.types import Example, Prediction

if TYPE_CHECKING:
    from paddle_ner.evaluation.metrics import Report

IGNORED = -100  # the target of a position that does not count in the loss


@dataclass(frozen=True)
class Task(ABC):
    """A label space with all that a model needs to know of it.

    Attributes:
        labels: entity types or classes, in the order of the model's outputs.
    """

    labels: tuple[str, ...]

    name: ClassVar[str]
    head: ClassVar[Literal["token", "sequence"]]
    metric: ClassVar[str]

    @property
    @abstractmethod
    def num_outputs(self) -> int:
        """Columns of the logits."""

    @abstractmethod
    def spec(self) -> dict[str, Any]:
        """What ``paddle_ner.json`` and ``manifest.json`` hold of the task: ``tasks.from_spec`` reads it back."""

    @abstractmethod
    def problem(self, example: Example) -> str | None:
        """Why this task cannot learn from or be scored on `example`, with what was expected; None where it can."""

    @abstractmethod
    def targets(self, example: Example, encoded: Encoded) -> tuple[list[NDArray[Any]], int]:
        """What each window should answer, and how many annotations do not fall on token boundaries.

        An annotation that cuts through a token is learned as the tokens that it touches.
        """

    @abstractmethod
    def collate(self, targets: Sequence[NDArray[Any]], length: int) -> NDArray[Any]:
        """The targets of a batch as one array, padded to `length` tokens where they are by token."""

    @abstractmethod
    def count_targets(self, targets: NDArray[Any]) -> int:
        """Positions of a collated batch that count in the loss."""

    @abstractmethod
    def loss_sum(self, logits: Any, targets: Any) -> Any:
        """The loss summed over all positions that count (paddle tensors in and out)."""

    @abstractmethod
    def decode(self, encoded: Encoded, logits: Sequence[NDArray[np.float32]]) -> Prediction:
        """The answer for a text, from the logits of its windows ([length, outputs] or [outputs] each)."""

    @abstractmethod
    def count(self, gold: Sequence[Example], predicted: Sequence[Prediction]) -> NDArray[np.int64]:
        """Counts that add up over batches and processes; `report` turns their sum into metrics."""

    @abstractmethod
    def report(self, counts: NDArray[np.int64], examples: int) -> Report:
        """Metrics from summed counts."""
