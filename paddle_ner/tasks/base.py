"""What differs between the tasks, and nothing else.

Training, evaluation, export, prediction and serving are written once, against `Task`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from paddle_ner.features.windows import Encoded, Window
from paddle_ner.types import Example, Prediction

if TYPE_CHECKING:
    from paddle_ner.tasks.metrics import Report

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
    def unlabelled(self, encoded: Encoded) -> list[NDArray[Any]]:
        """For each window of a text without annotations, a target in which no position counts in the loss."""

    @abstractmethod
    def answered(self, window: Window) -> slice:
        """The positions of a window's logits, as [positions, outputs], that answer for the text."""

    @abstractmethod
    def collate_answers(
        self, answers: Sequence[NDArray[Any]], places: Sequence[slice], length: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Another model's logits as one array of the shape of this model's, and ones where there are any.

        Args:
            answers: [positions, outputs] of each row.
            places: where they belong, as `answered` says.
            length: tokens of the padded batch.

        Returns:
            [batch, length, outputs] and [batch, length], or the same without length.
        """

    @abstractmethod
    def soft_loss_sum(self, logits: Any, answers: Any, counted: Any, temperature: float) -> Any:
        """Cross entropy with another model's softened probabilities, summed over the positions that are counted.

        It is multiplied by the square of the temperature, so that its gradient is of the size of `loss_sum`'s whatever
        the temperature (Hinton et al. 2015). Tensors of the shapes of `collate_answers` in and out.
        """

    @abstractmethod
    def decode(self, encoded: Encoded, outputs: Sequence[Mapping[str, NDArray[np.float32]]]) -> Prediction:
        """The answer for a text, from what the model's head gives for each of its windows, by name."""

    @abstractmethod
    def count(self, gold: Sequence[Example], predicted: Sequence[Prediction]) -> NDArray[np.int64]:
        """Counts that add up over batches and processes; `report` turns their sum into metrics."""

    @abstractmethod
    def report(self, counts: NDArray[np.int64], examples: int) -> Report:
        """Metrics from summed counts."""
