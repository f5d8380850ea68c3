"""The transforms as values: what a command was asked for, to be applied to whatever checkpoint comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from paddle_ner.compression.positions import cut_positions
from paddle_ner.compression.pruning import Cut, Record, prune
from paddle_ner.compression.vocabulary import cut_vocabulary
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
