"""What is done to a checkpoint before its graph is quantized: a cut vocabulary, cut positions, pruned layers.

Each transform makes a checkpoint of a checkpoint, so they compose, and everything after them sees a plain checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from paddle_ner.compression.checkpoints import Record
from paddle_ner.compression.transforms.positions import cut_positions
from paddle_ner.compression.transforms.pruning import Cut, prune
from paddle_ner.compression.transforms.vocabulary import cut_vocabulary
from paddle_ner.types import Example


@dataclass(frozen=True, slots=True)
class CutVocabulary:
    """As `cut_vocabulary`."""

    texts: Sequence[str]
    characters: bool = True
    name: str = "cut-vocabulary"

    def apply(self, checkpoint: Path, target: Path) -> Record:
        """Write the changed checkpoint; returns what was done."""
        return cut_vocabulary(checkpoint, target, self.texts, characters=self.characters)


@dataclass(frozen=True, slots=True)
class CutPositions:
    """As `cut_positions`."""

    name: str = "cut-positions"

    def apply(self, checkpoint: Path, target: Path) -> Record:
        """Write the changed checkpoint; returns what was done."""
        return cut_positions(checkpoint, target)


@dataclass(frozen=True, slots=True)
class Prune:
    """As `prune`."""

    examples: Sequence[Example]
    cut: Cut
    name: str = "prune"

    def apply(self, checkpoint: Path, target: Path) -> Record:
        """Write the changed checkpoint; returns what was done."""
        return prune(checkpoint, target, self.examples, self.cut)


Step = CutVocabulary | CutPositions | Prune


class Transform(Protocol):
    """Checkpoint to checkpoint."""

    @property
    def name(self) -> str:
        """What the manifest calls it."""
        ...

    def apply(self, checkpoint: Path, target: Path) -> dict[str, Any]:
        """Write the changed checkpoint to `target`; returns what the manifest should say of it, as JSON has it."""
        ...


def apply_all(checkpoint: Path, transforms: Sequence[Transform], work: Path) -> Path:
    """Run `transforms` in order, in folders of `work`. Gives the last checkpoint, whose manifest says what was done."""
    for number, transform in enumerate(transforms):
        target = work / f"checkpoint-{number}"
        transform.apply(checkpoint, target)
        checkpoint = target
    return checkpoint
